// How a test of the contract is written: once, for both backends.
//
//     CONTRACT_TEST("TCP-05", "close sends what is buffered before connection_lost") {
//       const Pair pair = stage.connect_pair();
//       pair.client->transport.write("hello");
//       pair.client->transport.close();
//       stage.run_until_lost(pair);
//       CHECK(pair.server->events() == "CM DR:hello ER CL");
//     }
//
// registers the test cases "[sim] TCP-05 close ..." with the tags [sim][TCP-05], and "[real] TCP-05 close
// ..." with [real][TCP-05]. The name carries the backend and the clause, so any of Catch2's reporters tells
// which clauses were seen to hold where. A simulated test runs with calm links and again with rough ones.
#pragma once

#include "raw_socket.hpp"
#include "recorder.hpp"
#include "stage.hpp"

#include <catch2/catch.hpp>

#define CONTRACT_TEST(clause, sentence) \
  TWINWIRE_CONTRACT_TEST(INTERNAL_CATCH_UNIQUE_NAME(contract_test_), clause, sentence)

#define TWINWIRE_CONTRACT_TEST(function, clause, sentence)                           \
  static void function(::twinwire::contract::Stage& stage);                          \
  TEST_CASE("[sim] " clause " " sentence, "[sim][" clause "]") {                     \
    const bool rough = GENERATE(false, true);                                        \
    INFO((rough ? "rough links" : "calm links"));                                    \
    ::twinwire::contract::perform(::twinwire::contract::sim_stage(rough), function); \
  }                                                                                  \
  TEST_CASE("[real] " clause " " sentence, "[real][" clause "]") {                   \
    ::twinwire::contract::perform(::twinwire::contract::real_stage(), function);     \
  }                                                                                  \
  static void function([[maybe_unused]] ::twinwire::contract::Stage& stage)

// A clause of plain streams that Unix sockets keep as well: the same test, and once more over them, as one of
// UNIX-01.
#define PLAIN_TEST(clause, sentence) \
  TWINWIRE_PLAIN_TEST(INTERNAL_CATCH_UNIQUE_NAME(contract_test_), clause, sentence)

// A clause that TLS keeps, too: once more over TLS, as one of TLS-01.
#define STREAM_TEST(clause, sentence) \
  TWINWIRE_STREAM_TEST(INTERNAL_CATCH_UNIQUE_NAME(contract_test_), clause, sentence)

#define TWINWIRE_PLAIN_TEST(function, clause, sentence)                      \
  TWINWIRE_TEST_OVER(function, unix_sockets, "UNIX-01", clause " " sentence) \
  TWINWIRE_CONTRACT_TEST(function, clause, sentence)

#define TWINWIRE_STREAM_TEST(function, clause, sentence)           \
  TWINWIRE_TEST_OVER(function, tls, "TLS-01", clause " " sentence) \
  TWINWIRE_PLAIN_TEST(function, clause, sentence)

// The test cases in which pairs are connected in this way.
#define TWINWIRE_TEST_OVER(function, pairs, clause, sentence)                                           \
  static void function(::twinwire::contract::Stage& stage);                                             \
  TEST_CASE("[sim] " clause " " sentence, "[sim][" clause "]") {                                        \
    const bool rough = GENERATE(false, true);                                                           \
    INFO((rough ? "rough links" : "calm links"));                                                       \
    ::twinwire::contract::perform(                                                                      \
        ::twinwire::contract::sim_stage(rough, ::twinwire::contract::Pairs::pairs), function);          \
  }                                                                                                     \
  TEST_CASE("[real] " clause " " sentence, "[real][" clause "]") {                                      \
    ::twinwire::contract::perform(::twinwire::contract::real_stage(::twinwire::contract::Pairs::pairs), \
                                  function);                                                            \
  }
