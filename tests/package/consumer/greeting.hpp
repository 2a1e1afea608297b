// A protocol of one message: whoever connects is greeted.
#pragma once

#include <twinwire/net/loop.hpp>

#include <functional>
#include <string>

/// Serves greetings on 127.0.0.1, asks for one, and tells `done` what it was.
void exchange_greeting(twinwire::Loop& loop, std::function<void(std::string)> done);
