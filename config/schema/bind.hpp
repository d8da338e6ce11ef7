#pragma once

#include "config/model/quantity.hpp"
#include "config/model/value.hpp"
#include "config/schema/option.hpp"

#include <chrono>
#include <type_traits>

// Makes a `binding` from member pointers; the field's type gives the shape.

namespace troupe::schema {

/// A field inside a settings struct: one member pointer, or two for a member
/// of a member.
template <class T, class... Path>
auto& field_of(T& x, Path... path) {
  return (x .* ... .* path);
}

inline json level_json(const value& x) {
  switch (x.kind) {
  case value_kind::digital: return x.whole != 0 ? "on" : "off";
  case value_kind::analog: return x.real;
  default: return nullptr;
  }
}

inline value level_from(const json& x) {
  return x.is_string() ? value::digital(x == "on") : value::analog(x.get<double>());
}

template <class Field>
constexpr shape shape_of() {
  if constexpr (std::is_same_v<Field, std::string>)
    return shape::text;
  else if constexpr (std::is_same_v<Field, bool>)
    return shape::toggle;
  else if constexpr (std::is_same_v<Field, milliseconds>)
    return shape::duration;
  else if constexpr (std::is_same_v<Field, std::vector<std::string>>)
    return shape::list;
  else if constexpr (std::is_same_v<Field, value> || std::is_same_v<Field, std::optional<value>>)
    return shape::level;
  else if constexpr (std::is_same_v<Field, double> || std::is_same_v<Field, std::optional<double>>)
    return shape::number;
  else {
    static_assert(std::is_integral_v<Field>, "a field type without a shape");
    return shape::count;
  }
}

template <class Field>
void write_field(Field& to, const json& x) {
  if constexpr (shape_of<Field>() == shape::duration)
    to = parse_duration(x.get_ref<const std::string&>()).value();
  else if constexpr (shape_of<Field>() == shape::level)
    to = level_from(x);
  else if constexpr (std::is_same_v<Field, std::optional<double>>)
    to = x.get<double>();
  else
    to = x.get<Field>();
}

template <class Field>
json read_field(const Field& from) {
  if constexpr (shape_of<Field>() == shape::duration)
    return to_text(from);
  else if constexpr (std::is_same_v<Field, value>)
    return level_json(from);
  else if constexpr (std::is_same_v<Field, std::optional<value>>)
    return from ? level_json(*from) : json{};
  else if constexpr (std::is_same_v<Field, std::optional<double>>)
    return from ? json(*from) : json{};
  else
    return from;
}

template <class T, class... Path>
binding field(Path... path) {
  using kept = std::remove_cvref_t<decltype(field_of(std::declval<T&>(), path...))>;
  return {.kind = shape_of<kept>(),
          .write = [=](void* x, const json& v) {
            write_field(field_of(*static_cast<T*>(x), path...), v);
          },
          .read = [=](const void* x) {
            return read_field(field_of(*static_cast<const T*>(x), path...));
          }};
}

/// A count of bytes, written with a unit.
template <class T, class... Path>
binding field_size(Path... path) {
  auto it = field<T>(path...);
  it.kind = shape::size;
  it.write = [=](void* x, const json& v) {
    using kept = std::remove_cvref_t<decltype(field_of(*static_cast<T*>(x), path...))>;
    field_of(*static_cast<T*>(x), path...)
      = static_cast<kept>(parse_size(v.get_ref<const std::string&>()).value());
  };
  it.read = [=](const void* x) {
    return json(size_text(field_of(*static_cast<const T*>(x), path...)));
  };
  return it;
}

template <class Enum>
using words_of = std::vector<std::pair<std::string, Enum>>;

/// An enumeration with the words for its values.
template <class T, class Enum, class... Path>
binding field_words(words_of<Enum> known, Path... path) {
  binding it{.kind = shape::word};
  for (const auto& [word, number] : known)
    it.words.push_back(word);
  it.write = [=](void* x, const json& v) {
    for (const auto& [word, number] : known)
      if (v == word)
        field_of(*static_cast<T*>(x), path...) = number;
  };
  it.read = [=](const void* x) {
    for (const auto& [word, number] : known)
      if (field_of(*static_cast<const T*>(x), path...) == number)
        return json(word);
    return json{};
  };
  return it;
}

/// A text field that holds one of a few words.
template <class T, class... Path>
binding field_text_words(std::vector<std::string> known, Path... path) {
  auto it = field<T>(path...);
  it.kind = shape::word;
  it.words = std::move(known);
  return it;
}

} // namespace troupe::schema
