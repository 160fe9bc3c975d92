/** The calls of libpcap (1.0 or later) that are used, each with its C prototype. A `pcap_t *` is an address (`usize`). */
import { lazyLibrary } from "../loader.ts";

/** What is looked for, and what to install when it is missing. */
export const LIBPCAP = { sonames: ["libpcap.so.0.8", "libpcap.so.1"], debianPackage: "libpcap0.8" } as const;

/** The bound calls; the library is opened at first use. */
export const libpcap = lazyLibrary(LIBPCAP, {
  /** pcap_t *pcap_create(const char *source, char *errbuf) */
  pcap_create: { parameters: ["buffer", "buffer"], result: "usize" },
  /** int pcap_set_snaplen(pcap_t *p, int snaplen) */
  pcap_set_snaplen: { parameters: ["usize", "i32"], result: "i32" },
  /** int pcap_set_promisc(pcap_t *p, int promisc) */
  pcap_set_promisc: { parameters: ["usize", "i32"], result: "i32" },
  /** int pcap_set_immediate_mode(pcap_t *p, int immediate_mode) */
  pcap_set_immediate_mode: { parameters: ["usize", "i32"], result: "i32" },
  /** int pcap_set_timeout(pcap_t *p, int to_ms) */
  pcap_set_timeout: { parameters: ["usize", "i32"], result: "i32" },
  /** int pcap_set_buffer_size(pcap_t *p, int buffer_size) */
  pcap_set_buffer_size: { parameters: ["usize", "i32"], result: "i32" },
  /** int pcap_activate(pcap_t *p) */
  pcap_activate: { parameters: ["usize"], result: "i32" },
  /** int pcap_setnonblock(pcap_t *p, int nonblock, char *errbuf) */
  pcap_setnonblock: { parameters: ["usize", "i32", "buffer"], result: "i32" },
  /** int pcap_setdirection(pcap_t *p, pcap_direction_t d) */
  pcap_setdirection: { parameters: ["usize", "i32"], result: "i32" },
  /** int pcap_compile(pcap_t *p, struct bpf_program *fp, const char *str, int optimize, bpf_u_int32 netmask) */
  pcap_compile: { parameters: ["usize", "buffer", "buffer", "i32", "u32"], result: "i32" },
  /** int pcap_setfilter(pcap_t *p, struct bpf_program *fp) */
  pcap_setfilter: { parameters: ["usize", "buffer"], result: "i32" },
  /** void pcap_freecode(struct bpf_program *fp) */
  pcap_freecode: { parameters: ["buffer"], result: "void" },
  /** char *pcap_geterr(pcap_t *p) */
  pcap_geterr: { parameters: ["usize"], result: "usize" },
  /** const char *pcap_statustostr(int error) */
  pcap_statustostr: { parameters: ["i32"], result: "usize" },
  /** int pcap_datalink(pcap_t *p) */
  pcap_datalink: { parameters: ["usize"], result: "i32" },
  /** int pcap_get_selectable_fd(pcap_t *p) */
  pcap_get_selectable_fd: { parameters: ["usize"], result: "i32" },
  /** int pcap_next_ex(pcap_t *p, struct pcap_pkthdr **pkt_header, const u_char **pkt_data) */
  pcap_next_ex: { parameters: ["usize", "buffer", "buffer"], result: "i32" },
  /** int pcap_stats(pcap_t *p, struct pcap_stat *ps) */
  pcap_stats: { parameters: ["usize", "buffer"], result: "i32" },
  /** int pcap_offline_filter(const struct bpf_program *fp, const struct pcap_pkthdr *h, const u_char *pkt) */
  pcap_offline_filter: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  /** pcap_t *pcap_open_dead(int linktype, int snaplen) */
  pcap_open_dead: { parameters: ["i32", "i32"], result: "usize" },
  /** pcap_t *pcap_fopen_offline(FILE *fp, char *errbuf), which closes the stream with the handle */
  pcap_fopen_offline: { parameters: ["usize", "buffer"], result: "usize" },
  /** void pcap_close(pcap_t *p) */
  pcap_close: { parameters: ["usize"], result: "void" },
});
