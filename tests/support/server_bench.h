// Servers on a workbench: no network, no scheduler, no choices. What one sends the others receive
// at once, time passes when the test says so. For tests of the model by itself.
//
// It is spoken to in lines, so that text tests read as what happened:
//
//      node a                          a master; options: replicaof <node>, any setting as
//      name=value a> SET k 1                      a client's command on a; the reply is the answer
//      a.other> BLPOP k 0              the same from another client of a's
//      reply a.other                   what came for it since
//      pass 2s                         time goes by; timers run each at their moment
//      drop a b                        the connections between a and b are reset
//      part a b / join a b             dials between them are refused / accepted again
//      hold a b / release a b          bytes from a to b stay in flight / arrive
//      wire                            what was said between servers since the last "wire"
//      info b field ...                fields of INFO
//      state a b ...                   role, id (A, B, .. in order of appearance), offset, backlog
//      window stop a / start a                the process ends; starts again with its files restart
//      a replicaof b           the same, with another configuration fork a fails / fork a works,
//      job a dies, job a waits / job a goes on
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace test_support {

class ServerBench {
 public:
  ServerBench();
  ~ServerBench();

  // Carries out one line and appends what it answers.
  void run(const std::string& line, std::vector<std::string>& answer);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace test_support
