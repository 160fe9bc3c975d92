/** The calls of libsystemd's sd-bus (version 240 or later) that are used, each with its C prototype. None of them is variadic. */
import { lazyLibrary } from "../loader.ts";

/** What is looked for, and what to install when it is missing. */
const LIBSYSTEMD = { sonames: ["libsystemd.so.0"], debianPackage: "libsystemd0" } as const;

/** The bound calls; the library is opened at first use. `sd_bus *` and `sd_bus_message *` are addresses (`usize`). */
export const sdBus = lazyLibrary(LIBSYSTEMD, {
  /** int sd_bus_new(sd_bus **ret) */
  sd_bus_new: { parameters: ["buffer"], result: "i32" },
  /** int sd_bus_set_address(sd_bus *bus, const char *address) */
  sd_bus_set_address: { parameters: ["usize", "buffer"], result: "i32" },
  /** int sd_bus_set_bus_client(sd_bus *bus, int b) */
  sd_bus_set_bus_client: { parameters: ["usize", "i32"], result: "i32" },
  /** int sd_bus_set_method_call_timeout(sd_bus *bus, uint64_t usec) */
  sd_bus_set_method_call_timeout: { parameters: ["usize", "u64"], result: "i32" },
  /** int sd_bus_start(sd_bus *bus): connects, and waits for nobody */
  sd_bus_start: { parameters: ["usize"], result: "i32" },
  /** sd_bus *sd_bus_close_unref(sd_bus *bus) */
  sd_bus_close_unref: { parameters: ["usize"], result: "usize" },
  /** int sd_bus_message_new_method_call(sd_bus *bus, sd_bus_message **m, const char *destination, const char *path, const char *interface, const char *member) */
  sd_bus_message_new_method_call: {
    parameters: ["usize", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  /** int sd_bus_message_set_auto_start(sd_bus_message *m, int b) */
  sd_bus_message_set_auto_start: { parameters: ["usize", "i32"], result: "i32" },
  /** int sd_bus_message_append_basic(sd_bus_message *m, char type, const void *p) */
  sd_bus_message_append_basic: { parameters: ["usize", "u8", "buffer"], result: "i32" },
  /** int sd_bus_call(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *ret_error, sd_bus_message **reply), on a thread of the runtime */
  sd_bus_call: { parameters: ["usize", "usize", "u64", "usize", "usize"], result: "i32", nonblocking: true },
  /** void sd_bus_error_free(sd_bus_error *e) */
  sd_bus_error_free: { parameters: ["usize"], result: "void" },
  /** sd_bus_message *sd_bus_message_unref(sd_bus_message *m) */
  sd_bus_message_unref: { parameters: ["usize"], result: "usize" },
  /** int sd_bus_message_peek_type(sd_bus_message *m, char *type, const char **contents) */
  sd_bus_message_peek_type: { parameters: ["usize", "buffer", "buffer"], result: "i32" },
  /** int sd_bus_message_enter_container(sd_bus_message *m, char type, const char *contents) */
  sd_bus_message_enter_container: { parameters: ["usize", "u8", "usize"], result: "i32" },
  /** int sd_bus_message_exit_container(sd_bus_message *m) */
  sd_bus_message_exit_container: { parameters: ["usize"], result: "i32" },
  /** int sd_bus_message_read_basic(sd_bus_message *m, char type, void *p) */
  sd_bus_message_read_basic: { parameters: ["usize", "u8", "buffer"], result: "i32" },
});
