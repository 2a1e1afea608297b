// Properties: RapidCheck's cases inside Catch2's tests. The name of a test is the sentence that holds.
//
//     PROPERTY("what was written is what is read") {
//       const auto text = *rc::gen::arbitrary<std::string>();
//       RC_ASSERT(read(write(text)) == text);
//     }
//
// A property that fails prints its shrunk counterexample, and on one line the command that runs exactly that
// case again. Inside use RC_ASSERT, never REQUIRE, which would report each step of the shrinking.
//
//     TWINWIRE_PROPERTY_CASES=5000   cases for each property (default 100)
//     TWINWIRE_PROPERTY_SEED=7       other cases than the usual ones, which are the same in every run
#pragma once

#include "one_of.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#define PROPERTY(sentence) TWINWIRE_PROPERTY(INTERNAL_CATCH_UNIQUE_NAME(property_), sentence)

#define TWINWIRE_PROPERTY(function, sentence)        \
  static void function();                            \
  TEST_CASE(sentence) {                              \
    ::twinwire::property::check(sentence, function); \
  }                                                  \
  static void function()

namespace twinwire::property {

/// Runs the cases of a property; what is wrong with one of them is thrown, as RC_ASSERT does.
void check(const char* sentence, void (*property)());

}  // namespace twinwire::property
