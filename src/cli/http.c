#include "cli/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <string.h>

/* By its name on every Linux since 2006. It is loaded by the first request: with the 30 libraries
 * that it needs itself it takes a third of the time in which a program starts that sends none. */
#define LIBRARY "libcurl.so.4"

#define FUNCTION_TABLE(X) \
    X(easy_init)          \
    X(easy_setopt)        \
    X(easy_perform)       \
    X(easy_getinfo)       \
    X(easy_strerror)      \
    X(easy_cleanup)       \
    X(slist_append)       \
    X(slist_free_all)

/* libcurl's functions, each without its curl_. */
static struct {
#define FIELD(name) __typeof__(curl_##name) *name;
    FUNCTION_TABLE(FIELD)
#undef FIELD
} lib;

/* Returns why not, or NULL. */
static const char *load_library(void)
{
    static bool is_loaded;
    if (is_loaded) return NULL;
    void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) return dlerror();
#define LOAD(name)                                     \
    {                                                  \
        void *address = dlsym(library, "curl_" #name); \
        if (address == NULL) return dlerror();         \
        memcpy(&lib.name, &address, sizeof(address));  \
    }
    FUNCTION_TABLE(LOAD)
#undef LOAD
    is_loaded = true;
    return NULL;
}

/* Where libcurl's answers to our settings are gathered: the first that fails counts. */
struct setup {
    CURL *curl;
    CURLcode code;
};

static void set_long(struct setup *setup, CURLoption option, long value)
{
    if (setup->code == CURLE_OK) setup->code = lib.easy_setopt(setup->curl, option, value);
}

static void set_text(struct setup *setup, CURLoption option, const char *value)
{
    if (setup->code == CURLE_OK) setup->code = lib.easy_setopt(setup->curl, option, value);
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct au_buf *body = context;
    au_buf_put(body, data, size * count);
    return body->err == AU_OK ? size * count : CURL_WRITEFUNC_ERROR;
}

static struct curl_slist *make_headers(const struct au_http_request *request)
{
    char line[128];
    /* Without this a large body waits a second for a 100 that few servers send. */
    struct curl_slist *headers = lib.slist_append(NULL, "Expect:");
    if (headers == NULL || request->content_type == NULL) return headers;
    snprintf(line, sizeof(line), "Content-Type: %s", request->content_type);
    struct curl_slist *longer = lib.slist_append(headers, line);
    if (longer == NULL) lib.slist_free_all(headers);
    return longer;
}

static CURLcode prepare(CURL *curl, const struct au_http_request *request,
                        struct curl_slist *headers, struct au_http_answer *answer)
{
    struct setup setup = {curl, CURLE_OK};
    set_text(&setup, CURLOPT_URL, request->url);
    set_text(&setup, CURLOPT_PROTOCOLS_STR, "http,https");
    set_long(&setup, CURLOPT_PATH_AS_IS, 1); /* an operand may be ".." */
    set_text(&setup, CURLOPT_PROXY, "");
    set_text(&setup, CURLOPT_USERAGENT, "aureon/" AUREON_VERSION);
    set_text(&setup, CURLOPT_CUSTOMREQUEST, request->method);
    set_long(&setup, CURLOPT_NOSIGNAL, 1);
    set_long(&setup, CURLOPT_CONNECTTIMEOUT_MS, (long)AU_HTTP_TIMEOUT_CONNECT_MS);
    set_long(&setup, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (strcmp(request->method, "HEAD") == 0) set_long(&setup, CURLOPT_NOBODY, 1);
    if (request->content_type != NULL) {
        const char *body = request->body.size > 0 ? (const char *)request->body.data : "";
        if (setup.code == CURLE_OK) {
            setup.code =
                lib.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        }
        set_text(&setup, CURLOPT_POSTFIELDS, body); /* borrowed, not copied */
    }
    if (setup.code == CURLE_OK) {
        setup.code = lib.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    if (setup.code == CURLE_OK) {
        setup.code = lib.easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    }
    if (setup.code == CURLE_OK) {
        setup.code = lib.easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    }
    return setup.code;
}

static enum au_http_end end_of(CURL *curl, CURLcode code, const struct au_http_answer *answer)
{
    if (answer->body.err == AU_ERR_TOO_LARGE) return AU_HTTP_TOO_LARGE;
    if (answer->body.err != AU_OK) return AU_HTTP_FAILED;
    if (code == CURLE_OK) return AU_HTTP_ANSWERED;
    /* One code stands for both timeouts, and one for a URL and an answer of another protocol; once
     * a connection stood, this time is set. */
    curl_off_t connect_us = 0;
    lib.easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connect_us);
    switch ((int)code) {
    case CURLE_URL_MALFORMAT: return AU_HTTP_BAD_URL;
    case CURLE_OUT_OF_MEMORY: return AU_HTTP_FAILED;
    case CURLE_UNSUPPORTED_PROTOCOL: return connect_us > 0 ? AU_HTTP_UNREACHABLE : AU_HTTP_BAD_URL;
    case CURLE_OPERATION_TIMEDOUT: return connect_us > 0 ? AU_HTTP_TIMED_OUT : AU_HTTP_UNREACHABLE;
    default: return AU_HTTP_UNREACHABLE;
    }
}

static void say(struct au_buf *message, const struct au_http_request *request, CURLcode code,
                enum au_http_end end, const struct au_http_answer *answer)
{
    if (end == AU_HTTP_ANSWERED) return;
    if (end == AU_HTTP_TOO_LARGE) {
        au_buf_printf(message, "the answer is larger than %zu bytes", answer->body.size_max);
    } else if (end == AU_HTTP_TIMED_OUT) {
        au_buf_printf(message, "there was no answer within %u ms", request->timeout_ms);
    } else {
        au_buf_put_text(message, lib.easy_strerror(code));
    }
}

enum au_http_end au_http_send(const struct au_http_request *request, struct au_http_answer *answer,
                              struct au_buf *message)
{
    AU_ASSERT(request->timeout_ms > 0 && answer->body.size == 0);
    const char *missing = load_library();
    if (missing != NULL) {
        au_buf_put_text(message, missing);
        return AU_HTTP_FAILED;
    }
    CURL *curl = lib.easy_init();
    struct curl_slist *headers = make_headers(request);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (curl != NULL && headers != NULL) code = prepare(curl, request, headers, answer);
    if (code == CURLE_OK) code = lib.easy_perform(curl);

    enum au_http_end end = curl == NULL ? AU_HTTP_FAILED : end_of(curl, code, answer);
    if (end == AU_HTTP_ANSWERED) {
        long status = 0;
        lib.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        answer->status = (uint32_t)status;
    }
    say(message, request, code, end, answer);
    lib.slist_free_all(headers);
    if (curl != NULL) lib.easy_cleanup(curl);
    return end;
}

static bool is_plain(uint8_t byte)
{
    uint8_t lower = byte | 0x20u;
    return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z') ||
           (byte != 0 && strchr("-._~", byte) != NULL);
}

void au_http_put_query(struct au_buf *url, struct au_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (is_plain(text.data[i])) {
            au_buf_put_u8(url, text.data[i]);
        } else {
            au_buf_printf(url, "%%%02X", text.data[i]);
        }
    }
}
