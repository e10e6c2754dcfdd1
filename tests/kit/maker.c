/* A contract that makes others, and changes itself. */
#include "aureon_contract.h"

AUREON_CONTRACT(maker, 1.0.0)

AUREON_FN(make, address, mut, "A contract of code, made with one argument of 8 bytes",
          (bytes32, code), (u64, argument))
{
    struct {
        uint32_t count, size;
        uint64_t argument;
    } args = {1, sizeof(argument), argument};
    aureon_address made;
    int32_t outcome = aureon_deploy(code.bytes, &args, sizeof(args), 0, 0, made.bytes);
    if (outcome != AUREON_SUCCESS) aureon_fail((uint32_t)outcome, "the deployment failed");
    return made;
}

AUREON_FN(upgrade, i32, mut, "What aureon_upgrade gives", (bytes32, code))
{
    return aureon_upgrade(code.bytes);
}

AUREON_FN(upgrade_and_fail, void, mut, "Upgrades, which its failure undoes", (bytes32, code))
{
    AUREON_REQUIRE(aureon_upgrade(code.bytes) != 0, "it was upgraded");
}

AUREON_FN(give, i32, mut, "What aureon_set_admin gives for another admin", (address, to))
{
    return aureon_set_admin(to.bytes, sizeof(to.bytes));
}

AUREON_FN(freeze, i32, mut, "What aureon_set_admin gives for none")
{
    return aureon_set_admin(NULL, 0);
}
