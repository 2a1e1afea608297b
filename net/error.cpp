#include <twinwire/net/error.hpp>

#include <algorithm>

namespace twinwire {
namespace {

class ContractCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "twinwire"; }
  std::string message(int value) const override {
    switch (static_cast<Error>(value)) {
      case Error::callback_failure:
        return "a protocol callback threw an exception";
      case Error::loop_closed:
        return "the loop was closed";
      case Error::incomplete_read:
        return "the stream ended before enough bytes were read";
      case Error::limit_overrun:
        return "the separator was not found within the limit of the reader";
    }
    return "unknown contract error";
  }
};

std::string compose(const std::string& sentence, error_code code, const std::vector<Attempt>& attempts) {
  std::string text = sentence + ": " + code.message();
  const bool all_alike = std::ranges::all_of(
      attempts, [&](const Attempt& attempt) { return attempt.error == attempts.front().error; });
  if (all_alike) return text;
  text += " (";
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (i != 0) text += "; ";
    text += attempts[i].target + ": " + attempts[i].error.message();
  }
  return text + ")";
}

}  // namespace

const boost::system::error_category& contract_category() noexcept {
  static const ContractCategory category;
  return category;
}

OperationError::OperationError(error_code code, const std::string& sentence, std::vector<Attempt> attempts)
    : system_error(code, sentence),
      what_(compose(sentence, code, attempts)),
      sentence_(sentence),
      attempts_(std::move(attempts)) {}

std::exception_ptr operation_failure(error_code code, const std::string& sentence,
                                     std::vector<Attempt> attempts) {
  return std::make_exception_ptr(OperationError(code, sentence, std::move(attempts)));
}

error_code error_code_of(const std::exception_ptr& failure) noexcept {
  if (!failure) return {};
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code();
  } catch (const std::system_error& error) {
    return error.code();
  } catch (...) {
    return Error::callback_failure;
  }
}

std::string message_of(const std::exception_ptr& failure) {
  if (!failure) return "no error";
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

}  // namespace twinwire
