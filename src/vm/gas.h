/* Prices of abi/gas.def as constants, in steps. */
#ifndef AUREON_VM_GAS_H
#define AUREON_VM_GAS_H

#include <stdint.h>

enum au_gas_price {
#define AU_GAS(NAME, steps, text) AU_GAS_##NAME = (steps),
#include "abi/gas.def"
#undef AU_GAS
};

#endif
