import common from './common.json';
import errors from './errors.json';
import frame from './frame.json';
import signIn from './sign-in.json';
import today from './today.json';

export const messages = { common, errors, frame, signIn, today };
