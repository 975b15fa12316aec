import common from './common.json';
import customer from './customer.json';
import customers from './customers.json';
import errors from './errors.json';
import forms from './forms.json';
import frame from './frame.json';
import grid from './grid.json';
import lists from './lists.json';
import products from './products.json';
import signIn from './sign-in.json';
import today from './today.json';

export const messages = {
  common,
  customer,
  customers,
  errors,
  forms,
  frame,
  grid,
  lists,
  products,
  signIn,
  today,
};
