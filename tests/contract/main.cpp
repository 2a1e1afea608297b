// Catch2's own main: `contract_tests "[sim][GEN-01]"`, `contract_tests -r xml`.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
