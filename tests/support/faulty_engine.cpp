#include "tests/support/faulty_engine.hpp"

#include <utility>

namespace troupe::test {

using namespace storage;

namespace {

class faulty_ring final : public ring_file {
public:
  faulty_ring(std::unique_ptr<ring_file> inner, std::shared_ptr<disk_trouble> trouble)
    : inner_(std::move(inner)), trouble_(std::move(trouble)) {}

  result<std::string> read() override { return inner_->read(); }
  status write(unsigned page, std::string_view bytes) override {
    if (trouble_->ring_fails)
      return error{errc::io_error, "scripted: ring"};
    return inner_->write(page, bytes);
  }

private:
  std::unique_ptr<ring_file> inner_;
  std::shared_ptr<disk_trouble> trouble_;
};

class faulty_engine final : public engine {
public:
  faulty_engine(std::shared_ptr<memory_disk> disk, std::shared_ptr<disk_trouble> trouble)
    : disk_(disk), inner_(make_memory_engine(std::move(disk))), trouble_(std::move(trouble)) {}

  status open(access mode) override {
    ++trouble_->opens;
    if (std::exchange(trouble_->corrupt_open, false))
      return error{errc::corrupt, "scripted: damage"};
    if (mode == access::read_write && trouble_->refuse_writes)
      return scripted();
    if (lost_ && mode == access::read_write) {
      disk_->apply(*lost_, true);
      lost_.reset();
    }
    failed_ = false;
    return inner_->open(mode);
  }

  status commit(const batch& changes, bool sync) override {
    ++trouble_->commits;
    if (failed_)
      return scripted();
    if (trouble_->refuse_writes || trouble_->fail_commits.contains(trouble_->commits)) {
      failed_ = true;
      if (trouble_->comes_back)
        lost_ = changes;
      return scripted();
    }
    return inner_->commit(changes, sync);
  }

  status scan(family where, std::string_view prefix, const visitor& each) override {
    return inner_->scan(where, prefix, each);
  }
  status verify() override { return inner_->verify(); }
  status close() override { return inner_->close(); }
  result<std::string> move_aside() override {
    ++trouble_->moved;
    return inner_->move_aside();
  }
  result<std::unique_ptr<ring_file>> open_ring(const std::string& path) override {
    auto inner = inner_->open_ring(path);
    if (!inner)
      return inner.why();
    return std::unique_ptr<ring_file>{
      std::make_unique<faulty_ring>(std::move(*inner), trouble_)};
  }
  engine_stats stats() const override { return inner_->stats(); }
  std::string where() const override { return "scripted disk"; }

private:
  error scripted() const { return {trouble_->code, "scripted: the disk refuses"}; }

  std::shared_ptr<memory_disk> disk_;
  std::unique_ptr<engine> inner_;
  std::shared_ptr<disk_trouble> trouble_;
  std::optional<batch> lost_;
  bool failed_ = false;
};

} // namespace

std::unique_ptr<engine> make_faulty_engine(std::shared_ptr<memory_disk> disk,
                                           std::shared_ptr<disk_trouble> trouble) {
  return std::make_unique<faulty_engine>(std::move(disk), std::move(trouble));
}

} // namespace troupe::test
