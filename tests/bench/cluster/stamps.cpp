// The stamps are taken around calls from one folder to another, which the
// linker leads through here (--wrap): what ships has no stamps in it.
#include "tests/bench/cluster/stamps.hpp"

#include "actors/bus/output_cell.hpp"
#include "cluster/link/link.hpp"
#include "storage/live_table.hpp"
#include "tests/bench/cluster/farm.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

namespace troupe::bench {

namespace {

struct board {
  static constexpr std::uint32_t most = 1 << 16;
  std::atomic<std::uint32_t> used;
  stamp rows[most];
};

std::atomic<board*> shared{nullptr};
std::atomic<std::uint64_t> bytes_out{0}, bytes_in{0}, writes_out{0};
bool is_a = false; // whoever made the file

} // namespace

void open_stamps(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  is_a = fd >= 0 && ::lseek(fd, 0, SEEK_END) == 0;
  if (fd < 0 || ::ftruncate(fd, sizeof(board)) != 0)
    throw std::runtime_error("cannot make " + path);
  auto* at = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at == MAP_FAILED)
    throw std::runtime_error("cannot map " + path);
  shared = static_cast<board*>(at);
}

void put_stamp(stage at) {
  auto* to = shared.load(std::memory_order_relaxed);
  if (to == nullptr)
    return;
  const auto row = to->used.fetch_add(1);
  if (row < board::most)
    to->rows[row] = {at, is_a ? 0u : 1u, now_ns()};
}

std::vector<stamp> take_stamps() {
  auto* from = shared.load();
  if (from == nullptr)
    return {};
  const auto used = std::min(from->used.load(), board::most);
  std::vector<stamp> all(from->rows, from->rows + used);
  from->used = 0;
  return all;
}

tls_bytes tls_so_far() { return {bytes_out, bytes_in, writes_out}; }

} // namespace troupe::bench

using troupe::bench::put_stamp;
using troupe::bench::stage;
using troupe::storage::live_table;

// The names are those of the Itanium C++ ABI on 64-bit Linux; a changed
// signature is an error of the linker.
#define PUBLISH _ZN6troupe7storage10live_table7publishERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEERKNS_7readingESt10shared_ptrIKSt6vectorINS0_4stepESaISF_EEE
#define PUBLISH_FROM _ZN6troupe7storage10live_table12publish_fromENS1_3rowESt4spanIKNS0_4edgeELm18446744073709551615EE
#define FORWARD _ZN6troupe7cluster4link7forwardERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEN3caf7messageE
#define WANT _ZN6troupe11output_cell4wantENS_5valueEl
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define REAL(x) JOIN(__real_, x)
#define WRAP(x) JOIN(__wrap_, x)

extern "C" {

void REAL(PUBLISH)(live_table*, const std::string&, const troupe::reading&, troupe::storage::story);
void WRAP(PUBLISH)(live_table* self, const std::string& name, const troupe::reading& now, troupe::storage::story why) {
  if (name == troupe::bench::button_name && now.told_as == troupe::origin::change)
    put_stamp(stage::shown);
  REAL(PUBLISH)(self, name, now, std::move(why));
}

using edges = std::span<const troupe::storage::edge>;
bool REAL(PUBLISH_FROM)(live_table*, live_table::row, edges);
bool WRAP(PUBLISH_FROM)(live_table* self, live_table::row x, edges told) {
  if (x.name == troupe::bench::button_name)
    put_stamp(stage::mirrored);
  return REAL(PUBLISH_FROM)(self, std::move(x), told);
}

bool REAL(FORWARD)(troupe::cluster::link*, const std::string&, caf::message);
bool WRAP(FORWARD)(troupe::cluster::link* self, const std::string& name, caf::message what) {
  if (name == troupe::bench::relay_name)
    put_stamp(stage::commanded);
  return REAL(FORWARD)(self, name, std::move(what));
}

bool REAL(WANT)(troupe::output_cell*, troupe::value, troupe::mono_ns);
bool WRAP(WANT)(troupe::output_cell* self, troupe::value wish, troupe::mono_ns guard) {
  put_stamp(stage::wished);
  return REAL(WANT)(self, std::move(wish), guard);
}

int REAL(SSL_write)(SSL*, const void*, int);
int WRAP(SSL_write)(SSL* ssl, const void* bytes, int size) {
  put_stamp(troupe::bench::is_a ? stage::a_out : stage::b_out);
  troupe::bench::bytes_out += static_cast<std::uint64_t>(size);
  ++troupe::bench::writes_out;
  return REAL(SSL_write)(ssl, bytes, size);
}

int REAL(SSL_read)(SSL*, void*, int);
int WRAP(SSL_read)(SSL* ssl, void* to, int size) {
  const int got = REAL(SSL_read)(ssl, to, size);
  if (got > 0) {
    put_stamp(troupe::bench::is_a ? stage::a_in : stage::b_in);
    troupe::bench::bytes_in += static_cast<std::uint64_t>(got);
  }
  return got;
}

} // extern "C"
