const defaultPorts: Readonly<Record<string, string>> = { http: ':80', https: ':443' };

/**
 * Converts a request target in absolute form (RFC 9112, 3.2.2) to its path and query. Returns any other target unchanged.
 * @param host the `Host` header
 * @returns undefined when the target's authority is not the host: this server is no forward proxy
 */
export function toOriginForm(target: string, host: string | undefined): string | undefined {
  const [, scheme = '', authority = '', rest = ''] = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  if (!scheme) return target;
  const port = defaultPorts[scheme.toLowerCase()] ?? '';
  const normalize = (text: string) => (text.endsWith(port) ? text.slice(0, -port.length) : text).toLowerCase();
  if (!authority || !host || normalize(authority) !== normalize(host)) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
