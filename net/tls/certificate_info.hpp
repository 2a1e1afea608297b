// A certificate in words.
#pragma once

#include <twinwire/net/tls/info.hpp>

struct x509_st;

namespace twinwire::detail {

TlsCertificate describe_certificate(x509_st& certificate);

}  // namespace twinwire::detail
