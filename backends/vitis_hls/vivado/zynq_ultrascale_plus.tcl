# Zynq UltraScale+: the kernel's control at the processors' HPM0 port, a memory port of the kernel at each of HP0 to HP3,
# which their configuration calls S_AXI_GP2 to S_AXI_GP5.
proc make_system {} {
    global board_part clock_mhz ports
    if {$ports > 4} { error "the processing system has four HP ports and the kernel has $ports: plan for memory_ports = 4" }
    set ps [make_cell ps xilinx.com:ip:zynq_ultra_ps_e]
    apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e \
        -config [list apply_board_preset [expr {$board_part ne ""}]] $ps
    set config [list CONFIG.PSU__USE__M_AXI_GP0 1 CONFIG.PSU__USE__M_AXI_GP1 0 CONFIG.PSU__USE__M_AXI_GP2 0 \
        CONFIG.PSU__FPGA_PL0_ENABLE 1 CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $clock_mhz]
    for {set i 0} {$i < $ports} {incr i} {
        set gp [expr {$i + 2}]
        lappend config CONFIG.PSU__USE__S_AXI_GP$gp 1 CONFIG.PSU__SAXIGP${gp}__DATA_WIDTH 128
    }
    set_property -dict $config $ps
    make_cell reset xilinx.com:ip:proc_sys_reset
    make_switch control 1 1 1
    wire ps/pl_clk0 kernel/ap_clk reset/slowest_sync_clk control/aclk ps/maxihpm0_fpd_aclk
    wire ps/pl_resetn0 reset/ext_reset_in
    wire reset/peripheral_aresetn kernel/ap_rst_n control/aresetn
    join_ports ps/M_AXI_HPM0_FPD control/S00_AXI
    join_ports control/M00_AXI kernel/s_axi_control
    for {set i 0} {$i < $ports} {incr i} {
        make_switch memory$i 1 1 1
        wire ps/pl_clk0 memory$i/aclk ps/saxihp${i}_fpd_aclk
        wire reset/peripheral_aresetn memory$i/aresetn
        join_ports kernel/m_axi_gmem$i memory$i/S00_AXI
        join_ports memory$i/M00_AXI ps/S_AXI_HP${i}_FPD
    }
    assign_bd_address
}
