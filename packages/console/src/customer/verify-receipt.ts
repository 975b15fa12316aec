/** A key of the JWKS (RFC 7517), as far as receipts need it. */
type PublicKey = { kid?: string; use?: string; kty?: string; crv?: string; x?: string; y?: string };

export type Verdict<Receipt> =
  | { result: 'valid'; kid: string; receipt: Receipt }
  | { result: 'invalid' }
  /** The browser has no WebCrypto here: it needs an encrypted connection, or this machine. */
  | { result: 'cannot' };

function decode(part: string): Uint8Array<ArrayBuffer> {
  const text = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
}
const readJson = (part: string): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decode(part)));

/**
 * Verifies the receipt of an erasure (a compact JWS, RFC 7515) by the published keys. Only ES256, only the type of receipts, and only a key
 * for receipts count, so that nothing else that the server signs passes for one.
 * @returns the receipt that was signed, which is the only one to show
 */
export async function verifyReceipt<Receipt>(
  jws: string,
  keys: readonly PublicKey[],
  subtle: SubtleCrypto | null = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle ?? null,
): Promise<Verdict<Receipt>> {
  if (!subtle) return { result: 'cannot' };
  try {
    const [header = '', payload = '', signature = '', ...more] = jws.split('.');
    const { alg, typ, kid } = readJson(header) as Record<string, unknown>;
    const key = keys.find((each) => each.kid !== undefined && each.kid === kid && each.use === 'receipts');
    if (alg !== 'ES256' || typ !== 'erasure-receipt+jws' || !key || more.length > 0) return { result: 'invalid' };
    const { kty = '', crv = '', x = '', y = '' } = key;
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const publicKey = await subtle.importKey('jwk', { kty, crv, x, y }, algorithm, false, ['verify']);
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    const isGenuine = await subtle.verify(algorithm, publicKey, decode(signature), signed);
    return isGenuine && typeof kid === 'string'
      ? { result: 'valid', kid, receipt: readJson(payload) as Receipt }
      : { result: 'invalid' };
  } catch {
    return { result: 'invalid' }; // not even the form of one
  }
}
