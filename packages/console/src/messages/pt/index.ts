import common from './common.json';
import customer from './customer.json';
import customers from './customers.json';
import errors from './errors.json';
import frame from './frame.json';
import grid from './grid.json';
import signIn from './sign-in.json';
import today from './today.json';

export const messages = { common, customer, customers, errors, frame, grid, signIn, today };
