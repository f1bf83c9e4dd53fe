// The sizes of the kernel: params.svh is written for a plan, all else is the same for every one.
package params_pkg;

  /* verilator lint_off UNUSEDPARAM */  // some are for readers, and for the host
  `include "params.svh"
  /* verilator lint_on UNUSEDPARAM */

endpackage
