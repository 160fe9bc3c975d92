/**
 * Numbers that the SPA format itself fixes. Not for tuning: another value is another format. See facts/wire 3,
 * facts/wire 4, facts/wire 9, facts/wire 10.
 */

/** Characters of ENCODED, PLAINTEXT, FULL and WIRE alike (facts/wire 4, facts/wire 9). */
export const MIN_SPA_LENGTH = 36;
export const MAX_SPA_LENGTH = 1499;

/** From this many characters on, a packet is taken for GPG; below, for Rijndael (facts/wire 9 step 3). */
export const MIN_GPG_LENGTH = 400;

/** Decimal digits of the random value. */
export const RANDOM_DIGITS = 16;

/** What we send. Older clients send `2.0.x` (facts/wire 3, COMPATIBILITY K4). */
export const PROTOCOL_VERSION = "3.0.0";
export const MAX_VERSION_LENGTH = 8;

export const MAX_TIMESTAMP_DIGITS = 12;
/** The largest number of {@link MAX_TIMESTAMP_DIGITS} digits. */
export const MAX_TIMESTAMP = 999_999_999_999;

/** Base64 characters that the decoder of the C library takes (48 bytes). */
export const MAX_USERNAME_BASE64 = 64;

/** The same for the message string (192 bytes survive). */
export const MAX_MESSAGE_SET = 255;
export const MAX_MESSAGE_BASE64 = 256;

/** The same for the NAT string, and the characters before its comma. */
export const MAX_NAT_SET = 127;
export const MAX_NAT_BASE64 = 256;
export const MAX_NAT_HOST = 70;

export const MAX_SERVER_AUTH = 63;

/** Seconds. */
export const MAX_CLIENT_TIMEOUT = 65_536;

/** Bytes of the Rijndael key; an empty one is refused (COMPATIBILITY F11). */
export const MAX_KEY_LENGTH = 32;
/** Bytes of the HMAC key that the C library takes (facts/wire 4). */
export const MAX_HMAC_KEY_LENGTH = 136;
/** The same of its client, and so of ours. */
export const MAX_SENT_HMAC_KEY_LENGTH = 128;

/** `Salted__`, and the salt after it (facts/wire 6). */
export const SALT_HEADER_LENGTH = 8;
export const SALT_LENGTH = 8;
export const BLOCK_LENGTH = 16;
