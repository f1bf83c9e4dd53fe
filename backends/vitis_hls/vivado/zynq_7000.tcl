# Zynq-7000: the kernel's control at the processors' GP port, a memory port of the kernel at each of their HP ports.
proc make_system {} {
    global board_part clock_mhz ports
    if {$ports > 4} { error "a Zynq-7000 has four HP ports and the kernel has $ports: plan for memory_ports = 4" }
    set ps [make_cell ps xilinx.com:ip:processing_system7]
    apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config [list make_external "FIXED_IO, DDR" \
        apply_board_preset [expr {$board_part ne ""}] Master Disable Slave Disable] $ps
    set config [list CONFIG.PCW_USE_M_AXI_GP0 1 CONFIG.PCW_EN_CLK0_PORT 1 CONFIG.PCW_EN_RST0_PORT 1 \
        CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock_mhz]
    for {set i 0} {$i < $ports} {incr i} {
        lappend config CONFIG.PCW_USE_S_AXI_HP$i 1 CONFIG.PCW_S_AXI_HP${i}_DATA_WIDTH 64
    }
    set_property -dict $config $ps
    make_cell reset xilinx.com:ip:proc_sys_reset
    make_switch control 1 1 1
    wire ps/FCLK_CLK0 kernel/ap_clk reset/slowest_sync_clk control/aclk ps/M_AXI_GP0_ACLK
    wire ps/FCLK_RESET0_N reset/ext_reset_in
    wire reset/peripheral_aresetn kernel/ap_rst_n control/aresetn
    join_ports ps/M_AXI_GP0 control/S00_AXI
    join_ports control/M00_AXI kernel/s_axi_control
    for {set i 0} {$i < $ports} {incr i} {
        make_switch memory$i 1 1 1
        wire ps/FCLK_CLK0 memory$i/aclk ps/S_AXI_HP${i}_ACLK
        wire reset/peripheral_aresetn memory$i/aresetn
        join_ports kernel/m_axi_gmem$i memory$i/S00_AXI
        join_ports memory$i/M00_AXI ps/S_AXI_HP$i
    }
    assign_bd_address
}
