/**
 * Adds `success` and `message` to a problem under `/rest/v1` and `/grpc/v1`, where clients of the legacy API expect them.
 * @param path the request's path, with or without its query
 */
export const legacyProblem = <P extends { detail: string }>(
  path: string,
  problem: P,
): P | (P & { success: false; message: string }) =>
  /^\/(?:rest|grpc)\/v1(?:[/?]|$)/.test(path) ? { success: false, message: problem.detail, ...problem } : problem;
