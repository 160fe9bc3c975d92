/** The version that both programs state: of the C programs whose command line, files and wire format they keep. */
export const VERSION = "2.6.11";
