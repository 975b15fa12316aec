export {
  AppError,
  conflict,
  forbidden,
  invalid,
  lacksPermission,
  malformed,
  notFound,
  preconditionFailed,
  rejectFields,
  unauthenticated,
  overloaded,
  rateLimited,
  unavailable,
} from './errors.ts';
export type { ErrorKind, FieldError } from './errors.ts';
export { createProblem } from './problem.ts';
export type { Problem } from './problem.ts';
export { asOutOfResources, resourceErrorCodes } from './resource-errors.ts';
