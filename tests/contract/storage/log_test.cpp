#undef CAF_SUITE
#define CAF_SUITE log
#include <caf/test/dsl.hpp>

#include "storage/rocks/flash_file_system.hpp"
#include "storage/rocks/log_end.hpp"
#include "storage/rocks/rocks_engine.hpp"
#include "tests/support/power_cut_fs.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>
#include <fstream>
#include <map>

using namespace troupe;
using namespace troupe::storage;
namespace fs = std::filesystem;

namespace {

std::string record(std::size_t length, char type = 1) {
  std::string out(7 + length, 'x');
  out[4] = static_cast<char>(length & 0xff);
  out[5] = static_cast<char>(length >> 8);
  out[6] = type;
  return out;
}

std::string zeros(std::size_t n) {
  return std::string(n, '\0');
}

void put_number(engine& db, long n, std::size_t bytes) {
  batch b;
  b.put(family::slot, "k" + std::to_string(n), std::string(bytes, 'v'));
  CAF_REQUIRE(db.commit(b, false));
}

std::map<std::string, std::size_t> all(engine& db) {
  std::map<std::string, std::size_t> out;
  CAF_REQUIRE(db.scan(family::slot, {}, [&](auto k, auto v) { out[std::string{k}] = v.size(); }));
  return out;
}

fs::path newest_log(const fs::path& folder) {
  fs::path out;
  for (const auto& x : fs::directory_iterator{folder})
    if (x.path().extension() == ".log" && x.path() > out)
      out = x.path();
  return out;
}

} // namespace

CAF_TEST(a block of a log ends at its first header of zeros) {
  struct row {
    const char* what;
    std::string block;
    std::optional<std::size_t> end;
  };
  const auto full = record(log_block - 7);
  const row rows[] = {
    {"an empty file", "", std::nullopt},
    {"zeros only", zeros(64), 0},
    {"fewer zeros than a header", zeros(6), std::nullopt},
    {"a record and the file's end", record(10), std::nullopt},
    {"a record and zeros", record(10) + zeros(100), 17},
    {"a record of zeros is a record", record(0) + zeros(7), 7},
    {"two records and zeros", record(300) + record(5) + zeros(7), 319},
    {"a hole, then records", record(10) + zeros(500) + record(10), 17},
    {"a full block", full, std::nullopt},
    {"six bytes left", record(log_block - 13) + zeros(6), std::nullopt},
    {"a length behind the block: left to the checksum", record(65'000).substr(0, 100), std::nullopt},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(end_of_records(x.block) == x.end);
  }
}

CAF_TEST(I1 what follows a hole of zeros in a log is not read) {
  const test::temp_folder folder{};
  rocks_options options;
  options.preallocate = false;
  auto made = open_rocks(folder / "db", options);
  CAF_REQUIRE(made);
  auto& db = *made;
  CAF_REQUIRE(db->open(access::read_write));
  const auto log = newest_log(folder / "db");
  const auto size = [&] { return fs::file_size(log); };
  put_number(*db, 0, 1'000);
  const auto first = size();
  // As long as the rest of the block; lengths over 16,383 take a byte more.
  put_number(*db, 1, log_block - 2 * first + 1'000 - 1);
  CAF_REQUIRE(size() <= log_block && log_block - size() < 7);
  put_number(*db, 2, 1'000);
  CAF_REQUIRE(size() > log_block);
  // A power cut that takes the second record, and not the third.
  fs::copy(folder / "db", folder / "cut", fs::copy_options::recursive);
  {
    std::fstream out{folder / "cut" / log.filename(),
                     std::ios::in | std::ios::out | std::ios::binary};
    out.seekp(static_cast<std::streamoff>(first));
    out << zeros(log_block - first);
  }
  auto again = open_rocks(folder / "cut", options);
  CAF_REQUIRE(again);
  auto& cut = *again;
  CAF_REQUIRE(cut->open(access::read_write));
  const auto found = all(*cut);
  CAF_CHECK(found.contains("k0"));
  CAF_CHECK(!found.contains("k1"));
  CAF_CHECK(!found.contains("k2"));
}

CAF_TEST(I1 a log is safe before the next one is made) {
  for (const bool preallocate : {true, false})
    for (unsigned seed = 0; seed < 30; ++seed) {
      const test::temp_folder folder{};
      auto disk = std::make_shared<test::power_cut_fs>();
      flash_file_system files{disk, preallocate};
      std::unique_ptr<rocksdb::FSWritableFile> one;
      std::unique_ptr<rocksdb::FSWritableFile> two;
      const std::string text(20'000, 'a' + static_cast<char>(seed % 26));
      CAF_REQUIRE(files.NewWritableFile(folder / "1.log", {}, &one, nullptr).ok());
      CAF_REQUIRE(one->Append(text, {}, nullptr).ok());
      CAF_REQUIRE(files.NewWritableFile(folder / "2.log", {}, &two, nullptr).ok());
      disk->folder_safe();
      std::mt19937_64 chance{seed};
      disk->cut(chance);
      CAF_CHECK(test::slurp(folder / "1.log").substr(0, text.size()) == text);
    }
}

CAF_TEST(a log that is safe does not fail when it is synced again) {
  for (const bool preallocate : {true, false}) {
    const test::temp_folder folder{};
    auto disk = std::make_shared<test::power_cut_fs>();
    flash_file_system files{disk, preallocate};
    std::unique_ptr<rocksdb::FSWritableFile> one;
    std::unique_ptr<rocksdb::FSWritableFile> two;
    CAF_REQUIRE(files.NewWritableFile(folder / "1.log", {}, &one, nullptr).ok());
    CAF_REQUIRE(one->Append("abc", {}, nullptr).ok());
    CAF_REQUIRE(files.NewWritableFile(folder / "2.log", {}, &two, nullptr).ok());
    CAF_REQUIRE(two->Append("def", {}, nullptr).ok());
    disk->die_in(1);
    CAF_CHECK(one->Sync({}, nullptr).ok());
    CAF_CHECK(!two->Sync({}, nullptr).ok());
    // Nothing new begins where the old one is not safe.
    std::unique_ptr<rocksdb::FSWritableFile> three;
    CAF_CHECK(!files.NewWritableFile(folder / "3.log", {}, &three, nullptr).ok());
    CAF_CHECK(!fs::exists(folder / "3.log"));
  }
}
