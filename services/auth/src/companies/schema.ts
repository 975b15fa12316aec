import { Uuid } from '@clientela/values';
import { z } from 'zod';

/** A company by its UUID or its readable key. */
export const CompanyReference = z
  .union([Uuid, z.string().regex(/^[A-Za-z0-9-]{2,50}$/)], 'must be a UUID or a company key')
  .meta({ examples: ['COMP-001'] });
