import { ErasureReceipt, ErasureReport } from '@clientela/contracts';
import { z } from 'zod';

const { erased, anonymised, kept } = ErasureReport.shape;

const Report = ErasureReport.extend({
  erased: z.array(erased.element.strict()),
  anonymised: z.array(anonymised.element.strict()),
  kept: z.array(kept.element.strict()),
}).strict();

/** Rejects unknown fields at every depth, so that only validated data is signed. */
export const NewReceipt = ErasureReceipt.extend({ services: z.array(Report) }).strict();
