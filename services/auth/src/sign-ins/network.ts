import { isIPv4, isIPv6 } from 'node:net';

/**
 * Maps an address to the network that lockouts count by: an IPv4 address, or an IPv6 /56, which a provider assigns to one customer
 * (RFC 6177).
 * @param ip null when the address is unknown
 */
export function networkOf(ip: string | null): string {
  if (ip === null) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(ip)) return ip.slice(0, 45);
  const { hostname } = new URL(`http://[${ip.replace(/%.*$/, '')}]/`); // normalizes the spelling (RFC 5952)
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const [a = '0', b = '0', c = '0', d = '0'] = groups;
  const fourth = (Number.parseInt(d, 16) & 0xff00).toString(16);
  return `${a}:${b}:${c}:${fourth}::/56`;
}
