// The masters of memory by the names that Vitis knows: as many as the plan has, so only the preprocessor can tell.
`define NAMES_ALONE
`include "params.svh"
`undef NAMES_ALONE

`define MASTER_PORTS(NAME) \
    output logic NAME``_arvalid, \
    input logic NAME``_arready, \
    output logic [63:0] NAME``_araddr, \
    output logic [7:0] NAME``_arlen, \
    output logic [2:0] NAME``_arsize, \
    output logic [1:0] NAME``_arburst, \
    output logic [3:0] NAME``_arcache, \
    output logic [2:0] NAME``_arprot, \
    input logic NAME``_rvalid, \
    output logic NAME``_rready, \
    input logic [8*PORT_BYTES-1:0] NAME``_rdata, \
    input logic [1:0] NAME``_rresp, \
    input logic NAME``_rlast, \
    output logic NAME``_awvalid, \
    input logic NAME``_awready, \
    output logic [63:0] NAME``_awaddr, \
    output logic [7:0] NAME``_awlen, \
    output logic [2:0] NAME``_awsize, \
    output logic [1:0] NAME``_awburst, \
    output logic [3:0] NAME``_awcache, \
    output logic [2:0] NAME``_awprot, \
    output logic NAME``_wvalid, \
    input logic NAME``_wready, \
    output logic [8*PORT_BYTES-1:0] NAME``_wdata, \
    output logic [PORT_BYTES-1:0] NAME``_wstrb, \
    output logic NAME``_wlast, \
    input logic NAME``_bvalid, \
    output logic NAME``_bready, \
    input logic [1:0] NAME``_bresp

// Inside of the kernel: the same as arrays.
`define MASTER_DRIVEN(NAME, PORT) \
  assign NAME``_arvalid = arvalid[PORT]; \
  assign arready[PORT] = NAME``_arready; \
  assign NAME``_araddr = araddr[PORT]; \
  assign NAME``_arlen = arlen[PORT]; \
  assign NAME``_arsize = BeatSize; \
  assign NAME``_arburst = axi_pkg::Incrementing; \
  assign NAME``_arcache = Bufferable; \
  assign NAME``_arprot = '0; \
  assign rvalid[PORT] = NAME``_rvalid; \
  assign NAME``_rready = rready[PORT]; \
  assign rdata[PORT] = NAME``_rdata; \
  assign rresp[PORT] = axi_pkg::response_e'(NAME``_rresp); \
  assign rlast[PORT] = NAME``_rlast; \
  assign NAME``_awvalid = awvalid[PORT]; \
  assign awready[PORT] = NAME``_awready; \
  assign NAME``_awaddr = awaddr[PORT]; \
  assign NAME``_awlen = awlen[PORT]; \
  assign NAME``_awsize = BeatSize; \
  assign NAME``_awburst = axi_pkg::Incrementing; \
  assign NAME``_awcache = Bufferable; \
  assign NAME``_awprot = '0; \
  assign NAME``_wvalid = wvalid[PORT]; \
  assign wready[PORT] = NAME``_wready; \
  assign NAME``_wdata = wdata[PORT]; \
  assign NAME``_wstrb = wstrb[PORT]; \
  assign NAME``_wlast = wlast[PORT]; \
  assign bvalid[PORT] = NAME``_bvalid; \
  assign NAME``_bready = bready[PORT]; \
  assign bresp[PORT] = axi_pkg::response_e'(NAME``_bresp);

// Around it: a bench's arrays. Cache and protection are the interconnect's.
`define MASTER_JOINED(NAME, PORT) \
      .NAME``_arvalid(arvalid[PORT]), \
      .NAME``_arready(arready[PORT]), \
      .NAME``_araddr(araddr[PORT]), \
      .NAME``_arlen(arlen[PORT]), \
      .NAME``_arsize(arsize[PORT]), \
      .NAME``_arburst(arburst[PORT]), \
      .NAME``_arcache(), \
      .NAME``_arprot(), \
      .NAME``_rvalid(rvalid[PORT]), \
      .NAME``_rready(rready[PORT]), \
      .NAME``_rdata(rdata[PORT]), \
      .NAME``_rresp(rresp[PORT]), \
      .NAME``_rlast(rlast[PORT]), \
      .NAME``_awvalid(awvalid[PORT]), \
      .NAME``_awready(awready[PORT]), \
      .NAME``_awaddr(awaddr[PORT]), \
      .NAME``_awlen(awlen[PORT]), \
      .NAME``_awsize(awsize[PORT]), \
      .NAME``_awburst(awburst[PORT]), \
      .NAME``_awcache(), \
      .NAME``_awprot(), \
      .NAME``_wvalid(wvalid[PORT]), \
      .NAME``_wready(wready[PORT]), \
      .NAME``_wdata(wdata[PORT]), \
      .NAME``_wstrb(wstrb[PORT]), \
      .NAME``_wlast(wlast[PORT]), \
      .NAME``_bvalid(bvalid[PORT]), \
      .NAME``_bready(bready[PORT]), \
      .NAME``_bresp(bresp[PORT])

`ifdef MEMORY_PORTS_1
`define ALL_MASTER_PORTS `MASTER_PORTS(m_axi_gmem)
`define ALL_MASTERS_DRIVEN `MASTER_DRIVEN(m_axi_gmem, 0)
`define ALL_MASTERS_JOINED `MASTER_JOINED(m_axi_gmem, 0)
`elsif MEMORY_PORTS_2
`define ALL_MASTER_PORTS \
    `MASTER_PORTS(m_axi_gmem0), \
    `MASTER_PORTS(m_axi_gmem1)
`define ALL_MASTERS_DRIVEN \
  `MASTER_DRIVEN(m_axi_gmem0, 0) \
  `MASTER_DRIVEN(m_axi_gmem1, 1)
`define ALL_MASTERS_JOINED \
  `MASTER_JOINED(m_axi_gmem0, 0), \
  `MASTER_JOINED(m_axi_gmem1, 1)
`elsif MEMORY_PORTS_4
`define ALL_MASTER_PORTS \
    `MASTER_PORTS(m_axi_gmem0), \
    `MASTER_PORTS(m_axi_gmem1), \
    `MASTER_PORTS(m_axi_gmem2), \
    `MASTER_PORTS(m_axi_gmem3)
`define ALL_MASTERS_DRIVEN \
  `MASTER_DRIVEN(m_axi_gmem0, 0) \
  `MASTER_DRIVEN(m_axi_gmem1, 1) \
  `MASTER_DRIVEN(m_axi_gmem2, 2) \
  `MASTER_DRIVEN(m_axi_gmem3, 3)
`define ALL_MASTERS_JOINED \
  `MASTER_JOINED(m_axi_gmem0, 0), \
  `MASTER_JOINED(m_axi_gmem1, 1), \
  `MASTER_JOINED(m_axi_gmem2, 2), \
  `MASTER_JOINED(m_axi_gmem3, 3)
`elsif MEMORY_PORTS_8
`define ALL_MASTER_PORTS \
    `MASTER_PORTS(m_axi_gmem0), \
    `MASTER_PORTS(m_axi_gmem1), \
    `MASTER_PORTS(m_axi_gmem2), \
    `MASTER_PORTS(m_axi_gmem3), \
    `MASTER_PORTS(m_axi_gmem4), \
    `MASTER_PORTS(m_axi_gmem5), \
    `MASTER_PORTS(m_axi_gmem6), \
    `MASTER_PORTS(m_axi_gmem7)
`define ALL_MASTERS_DRIVEN \
  `MASTER_DRIVEN(m_axi_gmem0, 0) \
  `MASTER_DRIVEN(m_axi_gmem1, 1) \
  `MASTER_DRIVEN(m_axi_gmem2, 2) \
  `MASTER_DRIVEN(m_axi_gmem3, 3) \
  `MASTER_DRIVEN(m_axi_gmem4, 4) \
  `MASTER_DRIVEN(m_axi_gmem5, 5) \
  `MASTER_DRIVEN(m_axi_gmem6, 6) \
  `MASTER_DRIVEN(m_axi_gmem7, 7)
`define ALL_MASTERS_JOINED \
  `MASTER_JOINED(m_axi_gmem0, 0), \
  `MASTER_JOINED(m_axi_gmem1, 1), \
  `MASTER_JOINED(m_axi_gmem2, 2), \
  `MASTER_JOINED(m_axi_gmem3, 3), \
  `MASTER_JOINED(m_axi_gmem4, 4), \
  `MASTER_JOINED(m_axi_gmem5, 5), \
  `MASTER_JOINED(m_axi_gmem6, 6), \
  `MASTER_JOINED(m_axi_gmem7, 7)
`endif
