# A board in a PCIe slot: the host's DMA reaches every memory and the kernel's control, port i of the kernel reaches memory i.
# Memory i begins at address i x 2^32 for both, control at 0 of the DMA's register space; host/board.py counts on that.

# An interface that the board's files must describe, by its name in settings.tcl.
proc require_interface {name} {
    set known [get_board_part_interfaces]
    if {[lsearch -exact $known $name] < 0} {
        error "the board's files know no interface $name: choose among $known in vivado/settings.tcl"
    }
    return $name
}

# A cell's interface at one of the board.
proc to_board {interface pin} {
    apply_board_connection -board_interface [require_interface $interface] -ip_intf /$pin -diagram overlay_system
}

# A cell's reset at one of the board's.
proc to_board_reset {interface pin} {
    apply_bd_automation -rule xilinx.com:bd_rule:board \
        -config [list Board_Interface [require_interface $interface] Manual_Source Auto] [get_bd_pins $pin]
}

# Pins of a cell whose names match; there must be `count` of them.
proc some_pins {command cell pattern count} {
    set found [lsort -dictionary [$command -of_objects [get_bd_cells $cell] -regexp -filter "NAME =~ $pattern"]]
    if {[llength $found] != $count} { error "$cell has [llength $found] pins like $pattern and $count are needed: $found" }
    return $found
}

# The memory controllers: for each kernel port (slave interface, clock, reset out, reset in).
proc make_memories {} {
    global memories ports reset
    set made {}
    if {[llength $memories] == $ports} {
        # DDR4: a controller each, with a clock of its own.
        foreach memory $memories {
            lassign $memory ram clock
            set cell ddr[llength $made]
            make_cell $cell xilinx.com:ip:ddr4 [list CONFIG.C0_DDR4_BOARD_INTERFACE [require_interface $ram] \
                CONFIG.C0_CLOCK_BOARD_INTERFACE [require_interface $clock]]
            to_board $ram $cell/C0_DDR4
            to_board $clock $cell/C0_SYS_CLK
            to_board_reset $reset $cell/sys_rst
            lappend made [list $cell/C0_DDR4_S_AXI $cell/c0_ddr4_ui_clk $cell/c0_ddr4_ui_clk_sync_rst $cell/c0_ddr4_aresetn]
        }
        return $made
    }
    # DDR3: one cell with a controller for each module, as the board's files describe it.
    set cell [make_cell ddr xilinx.com:ip:mig_7series]
    apply_bd_automation -rule xilinx.com:bd_rule:mig_7series \
        -config [list Board_Interface [require_interface [lindex $memories 0 0]]] $cell
    to_board_reset $reset ddr/sys_rst
    set slaves [some_pins get_bd_intf_pins ddr {.*S[0-9]*_AXI} $ports]
    set clocks [some_pins get_bd_pins ddr {.*ui_clk} $ports]
    set resets [some_pins get_bd_pins ddr {.*ui_clk_sync_rst} $ports]
    set holds [some_pins get_bd_pins ddr {.*aresetn} $ports]
    foreach slave $slaves clock $clocks reset $resets hold $holds { lappend made [list $slave $clock $reset $hold] }
    return $made
}

proc make_system {} {
    global pcie ports clock_mhz memory_bytes part
    make_cell refclk xilinx.com:ip:util_ds_buf [list CONFIG.C_BUF_TYPE IBUFDSGTE]
    to_board [dict get $pcie clock] refclk/CLK_IN_D
    make_cell dma xilinx.com:ip:xdma [list CONFIG.PCIE_BOARD_INTERFACE [require_interface [dict get $pcie lanes]] \
        CONFIG.SYS_RST_N_BOARD_INTERFACE [require_interface [dict get $pcie reset]] CONFIG.axilite_master_en true \
        CONFIG.axilite_master_size 1 CONFIG.xdma_axi_intf_mm AXI_Memory_Mapped CONFIG.axi_addr_width 64]
    to_board [dict get $pcie lanes] dma/pcie_mgt
    to_board_reset [dict get $pcie reset] dma/sys_rst_n
    if {[string match xc7* $part]} {
        wire refclk/IBUF_OUT dma/sys_clk
    } else {
        wire refclk/IBUF_DS_ODIV2 dma/sys_clk
        wire refclk/IBUF_OUT dma/sys_clk_gt
    }
    # The kernel's clock is made of the DMA's.
    make_cell clock xilinx.com:ip:clk_wiz \
        [list CONFIG.CLKOUT1_REQUESTED_OUT_FREQ $clock_mhz CONFIG.RESET_TYPE ACTIVE_LOW CONFIG.PRIM_SOURCE No_buffer]
    make_cell reset xilinx.com:ip:proc_sys_reset
    make_switch control 1 1 2
    make_switch host 1 $ports 1
    wire dma/axi_aclk clock/clk_in1 control/aclk host/aclk
    wire dma/axi_aresetn clock/resetn reset/ext_reset_in control/aresetn host/aresetn
    wire clock/clk_out1 kernel/ap_clk reset/slowest_sync_clk control/aclk1
    wire clock/locked reset/dcm_locked
    wire reset/peripheral_aresetn kernel/ap_rst_n
    join_ports dma/M_AXI_LITE control/S00_AXI
    join_ports control/M00_AXI kernel/s_axi_control
    join_ports dma/M_AXI host/S00_AXI
    set i 0
    foreach memory [make_memories] {
        lassign $memory slave ui_clock ui_reset hold
        make_cell hold$i xilinx.com:ip:proc_sys_reset
        wire $ui_clock hold$i/slowest_sync_clk
        wire $ui_reset hold$i/ext_reset_in
        wire hold$i/peripheral_aresetn $hold
        make_switch memory$i 2 1 3
        wire dma/axi_aclk memory$i/aclk
        wire clock/clk_out1 memory$i/aclk1
        wire $ui_clock memory$i/aclk2
        wire dma/axi_aresetn memory$i/aresetn
        join_ports host/M0${i}_AXI memory$i/S00_AXI
        join_ports kernel/m_axi_gmem$i memory$i/S01_AXI
        join_ports memory$i/M00_AXI $slave
        set segment [get_bd_addr_segs -of_objects [get_bd_intf_pins $slave]]
        foreach space [list dma/M_AXI kernel/Data_m_axi_gmem$i] {
            assign_bd_address -offset [format 0x%X [expr {$i << 32}]] -range [expr {$memory_bytes / $ports}] \
                -target_address_space [get_bd_addr_spaces $space] $segment
        }
        incr i
    }
    set segment [get_bd_addr_segs -of_objects [get_bd_intf_pins kernel/s_axi_control]]
    assign_bd_address -offset 0x0 -range 64K -target_address_space [get_bd_addr_spaces dma/M_AXI_LITE] $segment
    assign_bd_address
}
