// A full resync on two connections at once: Valkey 8 (V51).
//
//      replica                                             primary
//      main ---- PSYNC ? -1 ------------------------------>
//           <--- +DUALCHANNELSYNC -------------------------
//      rdb  ---- [AUTH] REPLCONF ... rdb-channel 1, SYNC -->  forks at offset X, keeps the stream from X on
//           <--- $ENDOFF:X <replid> <db> <client id> ------
//      main ---- REPLCONF set-rdb-client-id <id>,
//                PSYNC <replid> X+1 ---------------------->
//           <--- +CONTINUE, stream: kept aside ------------
//      rdb  <--- $EOF:<mark> payload <mark> --------------    closed behind it
//      loads, applies what was kept aside, acknowledges -->   online
//
// The stream that piles up during the transfer is in the replica's memory then, not in the primary's:
// at most as much as the replica's own client-output-buffer-limit; behind that it stops reading.
//
// Counted as one full resync (the RDB channel's SYNC) and one partial one (the main channel's PSYNC).
// If either connection breaks, both are given up.
#pragma once

#include <string_view>

#include "model/state.h"

namespace model {

// --- the replica
// ------------------------------------------------------------------------------------
bool wants_dual_channel(const State& s);     // whether to tell the capability
bool on_two_channels(const State& s);        // from +DUALCHANNELSYNC to the loaded payload
bool is_rdb_channel(const State& s, ConnId conn);
void open_rdb_channel(Turn& t);
void rdb_channel_connected(Turn& t);
void rdb_channel_received(Turn& t, std::string_view bytes);
void rdb_channel_lost(Turn& t);
void flush_rdb_channel(Turn& t);
void close_rdb_channel(Turn& t);             // no effect when there is none
void main_channel_received(Turn& t, std::string_view& bytes);  // replies to the second PSYNC, stream
void ask_for_stream(Turn& t);                // after $ENDOFF
void send_rdb_handshake(Turn& t);
void send_rdb_sync(Turn& t);

// --- the primary
// ------------------------------------------------------------------------------------
bool offers_dual_channel(const State& s, const Session& replica);  // instead of +FULLRESYNC
Session* rdb_channel_of(State& s, const Session& main);
void main_channel_attached(Turn& t, Session& main);  // the stream need not be kept for it any longer
std::string end_offset_line(const State& s, const Session& rdb, Offset offset, int db);

}  // namespace model
