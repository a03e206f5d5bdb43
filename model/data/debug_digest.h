// The digest that DEBUG DIGEST answers: 160 bits made of SHA-1, the same on every server that holds
// the same data. Slow (a few hashes for each element), unlike the keyspace's own, which follows
// each change.
//
// Two operations make it. To xor bytes into a digest is to xor it with their SHA-1; to mix them in
// is to do that and to replace the digest by its own SHA-1. So what is mixed keeps its order, and
// what is xored does not.
//
//      all       each database's number, mixed; each key's digest, xored. Empty databases not at all
//      key       its name, mixed, then its value
//      value     the type's number, mixed; elements; "!!expire!!", xored, when there is an expiry:
//                neither when nor whether it has passed matters
//
// Numbers are four bytes, most significant first.
#pragma once

#include "model/data/keyspace.h"
#include "model/data/sha1.h"

namespace model {

Sha1 debug_digest(const Keyspace& data);

// DEBUG DIGEST-VALUE: of one key, its name left out; zeros when there is no entry.
Sha1 debug_digest(const Entry* entry);

}  // namespace model
