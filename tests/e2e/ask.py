"""Answers what a program asks on a terminal of its own: ask.py PROGRAM ARGUMENT... ANSWER...

An ANSWER is --type TEXT, typed once the program asks for a password, or --signal NAME, sent to it
then. Prints whether the terminal hid what was typed at each question, how the program ended, and
whether the terminal shows it afterwards.
"""

import os
import pty
import signal
import sys
import termios


def echoes(terminal):
    return "shown" if termios.tcgetattr(terminal)[3] & termios.ECHO else "hidden"


def await_question(terminal):
    text = b""
    while not text.endswith((b"password: ", b"once more: ")):
        text += os.read(terminal, 1)
    while echoes(terminal) == "shown":
        pass  # it asks, then hides


def split(words):
    first = next(i for i, word in enumerate(words) if word in ("--type", "--signal"))
    return words[:first], list(zip(words[first::2], words[first + 1 :: 2]))


def main():
    command, answers = split(sys.argv[1:])
    terminal, side = pty.openpty()
    child = os.fork()
    if child == 0:
        os.setsid()
        for number in range(3):
            os.dup2(side, number)
        os.execv(command[0], command)
    said = []
    for kind, word in answers:
        await_question(terminal)
        said.append(echoes(terminal))
        if kind == "--signal":
            os.kill(child, getattr(signal, f"SIG{word}"))
        else:
            os.write(terminal, word.encode() + b"\n")
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        said.append(f"ended by {signal.Signals(os.WTERMSIG(status)).name}")
    else:
        said.append(f"ended with {os.WEXITSTATUS(status)}")
    print(", ".join(said + [echoes(side)]))


main()
