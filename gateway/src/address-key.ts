import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { clientAddress } from './identity-headers.ts';
import type { GatewayResponse } from './request-context.ts';

/** The client's address as limits count it: IPv6 clients by /56, as providers assign them. Computed once for a request. */
export const addressKey = (req: Request, res: GatewayResponse): string =>
  (res.locals.addressKey ??= keyOf(clientAddress(req, res)));

const keyOf = (address: string): string => (address.includes(':') ? ipKeyGenerator(address, 56) : address);
