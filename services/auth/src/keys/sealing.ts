import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** The key for one purpose, made from a secret of this installation (RFC 5869). */
export const keyFor = (secret: Buffer, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `clientela auth ${label}`, 32));

/**
 * Seals bytes (AES-256-GCM): nonce, tag, then what is sealed.
 * @param about bound to it: what is unsealed under another name is refused
 */
export function seal(key: Buffer, plain: Buffer, about: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(about));
  const sealed = Buffer.concat([sealing.update(plain), sealing.final()]);
  return Buffer.concat([nonce, sealing.getAuthTag(), sealed]);
}

/** @throws Error when the key is another one, or the bytes or their name were changed */
export function unseal(key: Buffer, sealed: Buffer, about: string): Buffer {
  const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  opening.setAAD(Buffer.from(about)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  return Buffer.concat([opening.update(sealed.subarray(nonceBytes + tagBytes)), opening.final()]);
}
