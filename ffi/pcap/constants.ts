/** Numbers of pcap/pcap.h and of the 64-bit Linux ABI. */

/** Size of every `errbuf`. */
export const PCAP_ERRBUF_SIZE = 256;

/** pcap_direction_t */
export const PCAP_D_IN = 1;

/** Returned by `pcap_next_ex` at the end of a capture file. */
export const PCAP_ERROR_BREAK = -2;
/** The device named does not exist. */
export const PCAP_ERROR_NO_SUCH_DEVICE = -5;
/** No right to open the device. */
export const PCAP_ERROR_PERM_DENIED = -8;
/** The device is there but down. */
export const PCAP_ERROR_IFACE_NOT_UP = -9;
/** The device may be opened, but not in promiscuous mode. */
export const PCAP_ERROR_PROMISC_PERM_DENIED = -11;

/** struct bpf_program: u_int bf_len; struct bpf_insn *bf_insns */
export const BPF_PROGRAM_SIZE = 16;
/** struct pcap_stat: u_int ps_recv, ps_drop, ps_ifdrop */
export const PCAP_STAT_SIZE = 12;
/** struct pcap_pkthdr: struct timeval ts (two 64-bit numbers); bpf_u_int32 caplen, len */
export const PCAP_PKTHDR_SIZE = 24;

/** Loopback link types of the BSDs (pcap-linktype(7)): a direction cannot be told there. */
export const DLT_NULL = 0;
/** The same of OpenBSD. */
export const DLT_LOOP = 108;

/** Ethernet, and what `any` looks like (pcap-linktype(7)). */
export const DLT_EN10MB = 1, DLT_LINUX_SLL = 113;
