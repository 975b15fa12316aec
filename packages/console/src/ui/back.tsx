import { Link, type LinkProps } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './bar.module.css';

/** The way from a record back to its list. */
export const Back = ({ to, search, children }: Pick<LinkProps, 'to' | 'search'> & { children: ReactNode }) => (
  <Link to={to} search={search} className={styles.back}>
    <ChevronLeft size={14} strokeWidth={1.5} aria-hidden />
    {children}
  </Link>
);
