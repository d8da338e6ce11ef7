#include "cluster/identity/calendar.hpp"
#include "cluster/identity/certificate.hpp"
#include "cluster/identity/ssl.hpp"

namespace troupe::identity {

namespace {

using kind = certificate_order::kind;

bool is_authority(kind x) {
  return x == kind::root || x == kind::cross || x == kind::issuer;
}

bool add_field(X509_NAME* to, int nid, const std::string& text) {
  return X509_NAME_add_entry_by_NID(to, nid, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool set_subject(X509* to, const certificate_order& order) {
  X509_NAME* name = X509_get_subject_name(to);
  if (is_authority(order.what))
    return add_field(name, NID_organizationName, order.house) && add_field(name, NID_commonName, order.name);
  return add_field(name, NID_organizationalUnitName, cluster::to_string(order.allowed))
         && add_field(name, NID_commonName, order.name);
}

bool add_extension(X509* to, const certificate* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer ? issuer->get() : to, to, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, ssl::freed_by<X509_EXTENSION_free>> made{
    X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
  return made && X509_add_ext(to, made.get(), -1) == 1;
}

bool add_extensions(X509* to, const certificate_order& order, const certificate* issuer) {
  auto add = [&](int nid, const std::string& value) { return add_extension(to, issuer, nid, value); };
  bool done = add(NID_subject_key_identifier, "hash") && add(NID_authority_key_identifier, "keyid:always");
  if (is_authority(order.what))
    // An issuer makes no further authorities; a server that is stolen with its
    // issuer's key cannot found a house of its own below our root.
    return done
           && add(NID_basic_constraints, order.what == kind::issuer ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE")
           && add(NID_key_usage, "critical,keyCertSign,cRLSign");
  done = done && add(NID_basic_constraints, "critical,CA:FALSE")
         && add(NID_key_usage, "critical,digitalSignature");
  if (order.what == kind::person)
    return done && add(NID_ext_key_usage, "clientAuth");
  return done && add(NID_ext_key_usage, "serverAuth,clientAuth")
         && add(NID_subject_alt_name, "DNS:" + order.name);
}

} // namespace

result<certificate> make_certificate(const certificate_order& order, EVP_PKEY* subject,
                                     const certificate* issuer, const private_key& signer) {
  ssl::cert made{X509_new()};
  const auto serial = ssl::new_serial();
  const bool done
    = made && serial && X509_set_version(made.get(), X509_VERSION_3) == 1
      && X509_set_serialNumber(made.get(), serial.get()) == 1
      && set_asn1(X509_getm_notBefore(made.get()), order.from)
      && set_asn1(X509_getm_notAfter(made.get()), order.until) && set_subject(made.get(), order)
      && X509_set_issuer_name(made.get(), issuer ? X509_get_subject_name(issuer->get())
                                                 : X509_get_subject_name(made.get())) == 1
      && X509_set_pubkey(made.get(), subject) == 1 && add_extensions(made.get(), order, issuer)
      && X509_sign(made.get(), signer.get(), ssl::digest_for(signer.get())) > 0;
  if (!done)
    return error{errc::io_error, fmt::format("the certificate of {} could not be made: {}", order.name, ssl::why())};
  return certificate{made.release()};
}

} // namespace troupe::identity
