export { isApiKey, outsideServiceOf, parseServiceKeys, requirePermission } from './identity/actor.ts';
export type { Actor, ServiceKeys, CompanyActor } from './identity/actor.ts';
export type { ChangeAuthorization, RequestedChange } from './routing/change-authorization.ts';
export { createService } from './routing/app.ts';
export type { DeniedRequest, ServiceOptions } from './routing/app.ts';
export { createCallPolicy } from './client/call-policy.ts';
export type { CallPolicy } from './client/call-policy.ts';
export { callHeaders, readText, serviceClient } from './client/client.ts';
export type { ServiceClient } from './client/client.ts';
export { templateOf, traceCall } from './client/trace-call.ts';
export { createCompanyClient } from './identity/company-client.ts';
export type { CompanyClient } from './identity/company-client.ts';
export { createCursors } from './routing/cursor.ts';
export type { Binding, Cursors, Keyset } from './routing/cursor.ts';
export {
  NIL_UUID,
  storedResponsesTable,
  redactAllStoredResponses,
  redactStoredResponses,
  redactedColumns,
} from './idempotency/idempotency-store.ts';
export { startIdempotencyCleanup } from './idempotency/idempotency-cleanup.ts';
export { listen } from './routing/listen.ts';
export { runService, runServiceWorker } from './run-service.ts';
export type { ServiceProcess } from './run-service.ts';
export { toProblem } from './routing/to-problem.ts';
export { createOpenapiDocument, Problem } from './openapi/openapi.ts';
export { changedValues, patchBody, readOnlyErrors, pickWritable, writableFields } from './routing/patch.ts';
export type { RateLimits } from './routing/rate-limit.ts';
export { checkPermission } from './routing/route-handler.ts';
export { parseJson } from './routing/parse-json.ts';
export { reply, withETag } from './routing/reply.ts';
export type { Reply } from './routing/reply.ts';
export { fieldErrors, parseWith } from './routing/field-errors.ts';
export { isInternal, isOpenToKeys, route, acceptsCompany, withAliases } from './routing/route.ts';
export type { Allow, FormUpload, MountedRoute, Route, Upload } from './routing/route.ts';
export { eitherSignal, timeoutSignal } from './routing/deadline.ts';
export type { IdempotentSteps } from './routing/transaction.ts';
