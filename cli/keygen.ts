export { formatKeys, type GeneratedKeys, generateKeys } from "../lib/crypto/key_generation.ts";
