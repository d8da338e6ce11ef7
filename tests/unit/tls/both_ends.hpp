#pragma once

#include "cluster/tls/context.hpp"
#include "cluster/tls/openssl.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {

/// Both ends of a handshake over a socket pair, driven in turns in one thread.
struct both_ends {
  int fds[2] = {-1, -1};
  cluster::owned_ssl server, client;
  bool server_done = false, client_done = false;
  cluster::handshake_failure server_says, client_says;

  both_ends() { ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds); }
  both_ends(const both_ends&) = delete;
  both_ends& operator=(const both_ends&) = delete;
  ~both_ends() {
    server.reset();
    client.reset();
    ::close(fds[0]);
    ::close(fds[1]);
  }

  /// True: both ends finished, and the client read what the server wrote.
  bool run() {
    bool server_dead = false, client_dead = false;
    for (int turn = 0; turn < 20 && !(server_dead && client_dead); ++turn) {
      step(client.get(), client_done, client_dead, client_says);
      step(server.get(), server_done, server_dead, server_says);
    }
    if (!server_done || !client_done)
      return false;
    // A client of TLS 1.3 learns only now whether the server took its certificate.
    char byte = 'x';
    SSL_write(server.get(), &byte, 1);
    return SSL_read(client.get(), &byte, 1) == 1;
  }

private:
  static void step(SSL* ssl, bool& done, bool& dead, cluster::handshake_failure& says) {
    if (dead)
      return;
    ERR_clear_error();
    char byte = 0;
    const int ret = done ? SSL_read(ssl, &byte, 1) : SSL_do_handshake(ssl);
    if (ret == 1 && !done) {
      done = true;
      return;
    }
    const int kind = SSL_get_error(ssl, ret);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
      return;
    dead = true;
    done = false;
    says = cluster::explain(ssl, ret);
  }
};

} // namespace troupe::test
