import { ErasureReport, ExportedRows, exportSections, Person } from '@clientela/contracts';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';
import { erasePerson } from './erase.ts';
import { exportSection } from './export.ts';
import type { DataInventory } from './inventory.ts';

/** The internal doors by which the customer service asks for a person's data, and for their erasure. */
export function privacyRoutes(privacy: DataInventory): Route[] {
  const sections: readonly string[] = exportSections[privacy.service];
  return [
    route({
      method: 'post',
      path: '/internal/privacy/export',
      summary: 'A part of what is known of a person',
      allow: { internal: ['customer'] },
      tenancy: 'global',
      body: z.strictObject({
        person: Person,
        section: z.string().refine((name) => sections.includes(name), 'is not a section of this service'),
        after: z.string().max(2000).optional(),
      }),
      responses: { 200: ExportedRows },
      handle: ({ tx, body }) => exportSection(tx, privacy, body.person, body.section, body.after),
    }),
    route({
      method: 'post',
      path: '/internal/privacy/erasures',
      summary: 'Erase a person',
      allow: { internal: ['customer'] },
      tenancy: 'global',
      body: z.strictObject({ request_id: z.uuid(), person: Person }),
      responses: { 200: ErasureReport },
      transaction: 'own', // however much it is, no transaction is long, and what is done stays done
      handle: ({ runStep, body, signal }) => erasePerson((work) => runStep(1, work), privacy, body, signal),
    }),
  ];
}
