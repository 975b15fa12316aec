import { createContext, useContext } from 'react';
import { useCan } from '../api/session.ts';

/** Whether the customer of the page is deleted, or exists no more: then nothing about it can be changed. */
export const ClosedContext = createContext(false);

/** Whether the person may do something with the customer of the page. */
export function useMay(): (permission: string) => boolean {
  const can = useCan();
  const isClosed = useContext(ClosedContext);
  return (permission) => !isClosed && can(permission);
}
