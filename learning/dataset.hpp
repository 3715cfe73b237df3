// A node's data: grey images with labels, kept as the bytes they are in the file and made float only batch by batch.
// Read strictly from idx files (the format of MNIST): magic, dimensions, counts and size must match to the byte, labels
// must be below kClasses. Every refusal is kInvalid and says which rule was broken.
//
// Invariant: a Shard's rows are rows of its Dataset; shards of disjoint classes are disjoint. Float values are
// (pixel / 255 - 0.2860) / 0.3530, the mean and deviation of Fashion-MNIST's training pixels, the same on every node.
// idx_* and gunzip are pure functions over bytes. load_fashion_mnist() reads files and blocks.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace aip::learning {

inline constexpr size_t kClasses = 10;

struct IdxImages {
    uint32_t count = 0, height = 0, width = 0;
    Bytes pixels;  // count * height * width
};
Result<IdxImages> idx_images(ByteView file);  // u32 0x00000803, count, height, width, all big-endian, then pixels
Result<Bytes> idx_labels(ByteView file);      // u32 0x00000801, count, then a byte each

// One gzip member and nothing behind it; kInvalid if it is damaged or would be longer than `size_max`.
Result<Bytes> gunzip(ByteView compressed, size_t size_max);

struct Batch {
    std::vector<float> x;  // [rows, pixels]
    std::vector<uint8_t> labels;
};

class Dataset {
public:
    static Result<Dataset> from_idx(ByteView images, ByteView labels);  // both decompressed

    size_t size() const { return labels_.size(); }
    size_t pixels() const { return pixels_; }
    size_t classes() const { return kClasses; }
    std::span<const uint8_t> labels() const { return labels_; }

    Batch batch(std::span<const uint32_t> rows) const;
    void batch_into(std::span<const uint32_t> rows, Batch& batch) const;  // keeps the batch's memory

private:
    Dataset() = default;

    size_t pixels_ = 0;
    Bytes images_;
    Bytes labels_;
};

// Some rows of a dataset, which it borrows.
struct Shard {
    const Dataset* data = nullptr;
    std::vector<uint32_t> rows;

    size_t size() const { return rows.size(); }
    std::vector<uint64_t> label_counts() const;  // kClasses of them
};

Shard everything(const Dataset& data);
Shard of_classes(const Dataset& data, std::span<const uint8_t> classes);
// The first `per_class` rows of each class, in file order: the fixed test set is 100 of each.
Shard first_of_each_class(const Dataset& data, size_t per_class = 100);
// `nodes` disjoint shards of equally many rows, each of (at most) `classes_per_node` classes: the rows of every class
// are cut into equal pieces and the pieces dealt out, no node getting two of a class where that can be helped.
std::vector<Shard> deal_classes(const Dataset& data, size_t nodes, size_t classes_per_node, Rng& rng);

struct FashionMnist {
    Dataset train;  // 60,000
    Dataset test;   // 10,000
};
inline constexpr const char* kFashionMnistDir = "/usr/share/datasets/fashion-mnist";
// From Debian's package dataset-fashion-mnist; kNotFound says to install it.
Result<FashionMnist> load_fashion_mnist(const std::string& directory = kFashionMnistDir);

}  // namespace aip::learning
