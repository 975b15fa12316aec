import analytics from './analytics.json';
import audit from './audit.json';
import common from './common.json';
import companies from './companies.json';
import complaints from './complaints.json';
import customer from './customer.json';
import customers from './customers.json';
import errors from './errors.json';
import failedEvents from './failed-events.json';
import forms from './forms.json';
import frame from './frame.json';
import grid from './grid.json';
import imports from './imports.json';
import keys from './keys.json';
import lists from './lists.json';
import me from './me.json';
import products from './products.json';
import settings from './settings.json';
import shortcuts from './shortcuts.json';
import signIn from './sign-in.json';
import team from './team.json';
import today from './today.json';

export const messages = {
  analytics,
  audit,
  common,
  companies,
  complaints,
  customer,
  customers,
  errors,
  failedEvents,
  forms,
  frame,
  grid,
  imports,
  keys,
  lists,
  me,
  products,
  settings,
  shortcuts,
  signIn,
  team,
  today,
};
