import common from './common.json';
import errors from './errors.json';
import forms from './forms.json';
import frame from './frame.json';
import lists from './lists.json';
import products from './products.json';
import signIn from './sign-in.json';
import today from './today.json';

export const messages = { common, errors, forms, frame, lists, products, signIn, today };
