import { ErasureReceipt, ErasureReport } from '@clientela/contracts';
import { z } from 'zod';

const { erased, anonymised, kept } = ErasureReport.shape;

const Report = ErasureReport.extend({
  erased: z.array(erased.element.strict()),
  anonymised: z.array(anonymised.element.strict()),
  kept: z.array(kept.element.strict()),
}).strict();

/** Strict at every depth: what is signed is what is known. */
export const NewReceipt = ErasureReceipt.extend({ services: z.array(Report) }).strict();
