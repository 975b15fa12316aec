/** The part of a span that travels (W3C Trace Context): ids in hex, and whether the trace was sampled where it began. */
export type TraceContext = { traceId: string; spanId: string; isSampled: boolean };

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const lengthOfVersion00 = 55;

/** Reads a `traceparent` header. @returns undefined for a malformed one; a later version of the format may be longer */
export function parseTraceparent(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string' || header.length > 255 || !pattern.test(header)) return undefined;
  if (header.startsWith('00') && header.length > lengthOfVersion00) return undefined;
  const isSampled = '13579bdf'.includes(header.charAt(54)); // the lowest bit of the flags
  return { traceId: header.slice(3, 35), spanId: header.slice(36, 52), isSampled };
}

export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
