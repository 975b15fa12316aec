import { writeCalls } from './calls.ts';
import type { Document } from './document.ts';
import { writeResources } from './resources.ts';
import { writeSchema } from './schema.ts';

const header = '// Generated from the OpenAPI document by `npm run openapi`. Do not edit.\n\n';

/**
 * Writes the generated sources of the client, and of its tests.
 * @param document the merged document of the API
 * @param deadlines ms after which an operation gives up, by its operationId
 * @returns the text of each file, by its path in `packages`
 */
export async function generateClient(
  document: Document,
  deadlines: ReadonlyMap<string, number>,
): Promise<Record<string, string>> {
  return {
    'client/src/generated/schema.ts': header + (await writeSchema(document)),
    'client/src/generated/resources.ts': header + writeResources(document, deadlines),
    'e2e/src/client/generated/calls.ts': header + writeCalls(document),
  };
}
