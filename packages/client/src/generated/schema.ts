// Generated from the OpenAPI document by `npm run openapi`. Do not edit.

export interface components {
    schemas: {
        Agenda: {
            /** @description Soonest first, at most 100 */
            appointments: components["schemas"]["Interaction"][];
            /** @description Whether more appointments are in that time */
            has_more: boolean;
            open_complaints: components["schemas"]["OpenComplaints"];
        };
        ApiKey: {
            /** @description Networks from which it may be used; null for everywhere */
            allowed_ips: string[] | null;
            /** Format: date-time */
            created_at: string;
            /** @description The user who made it; null once that user was erased */
            created_by: string | null;
            /** Format: date-time */
            expires_at: string;
            /** Format: uuid */
            id: string;
            /** @description Exact to a minute */
            last_used_at: string | null;
            last_used_ip: string | null;
            name: string;
            /** @description What the key may do of what its role may; null for all of it */
            permissions: string[] | null;
            /**
             * @description The first 8 characters of the key
             * @example clt_7Fq2
             */
            prefix: string;
            /** @description null for the limit of a user */
            rate_per_minute: number | null;
            revoked_at: string | null;
            role: ("viewer" | "manager" | "admin") | components["schemas"]["UnknownValue"];
            version: number;
        };
        ApiKeyList: {
            api_keys: components["schemas"]["ApiKey"][];
            limit: number;
            offset: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        ApiKeyPatch: {
            allowed_ips?: (string)[] | null;
            /**
             * Format: date-time
             * @description Earlier than it is
             */
            expires_at?: string;
            name?: string;
            permissions?: ("users:read" | "users:create" | "users:update" | "users:delete" | "companies:read" | "companies:create" | "companies:update" | "companies:delete" | "document_types:manage" | "audit:read" | "analytics:read" | "events:manage" | "keys:manage" | "gdpr:manage" | "customers:read" | "customers:create" | "customers:update" | "customers:delete" | "customers:hard_delete" | "customers:import" | "customers:export" | "interactions:read" | "interactions:create" | "interactions:update" | "interactions:delete" | "interactions:manage" | "transactions:read" | "transactions:create" | "transactions:update" | "products:read" | "products:create" | "products:update" | "products:delete" | "products:hard_delete" | "favorites:read" | "favorites:create" | "favorites:delete")[] | null;
        };
        ApiKeyRead: {
            api_key: components["schemas"]["ApiKey"];
        };
        ApiKeyResponse: {
            api_key: components["schemas"]["ApiKey"];
            message: string;
        };
        AuditLog: {
            /** @example user.role.changed */
            action: string;
            /** @description A user id, key:<id> or service:<name>; null when nobody was signed in */
            actor_id: string | null;
            /** Format: date-time */
            at: string;
            /** @description The UUID of the company */
            business_id: string | null;
            /**
             * @description The readable key of the company
             * @example COMP-001
             */
            company_id: string | null;
            /** @description Of a dropped event: its name, the subscribers at which it failed, and the reason */
            details: {
                [key: string]: unknown;
            } | null;
            /** @description Names of the changed fields */
            fields: string[];
            /** Format: uuid */
            id: string;
            /** @description Set for security events only */
            ip: string | null;
            request_id: string;
            resource_id: string | null;
            resource_type: string | null;
            result: ("done" | "refused") | components["schemas"]["UnknownValue"];
        };
        AuditLogPage: {
            audit_logs: components["schemas"]["AuditLog"][];
            next_cursor: string | null;
            per_page: number;
        };
        Batch: {
            operations: unknown[];
        };
        BatchResponse: {
            failed: number;
            results: {
                customer?: components["schemas"]["VisibleCustomer"];
                error?: components["schemas"]["Problem"];
                status: number;
            }[];
            succeeded: number;
        };
        ChangedUser: {
            address: string | null;
            /** @description The API keys that the user made and that were good; revoke_keys=true has revoked them */
            api_keys?: components["schemas"]["MadeApiKey"][];
            /** @description The UUID of the company */
            business_id: string | null;
            /**
             * @description The readable key of the company
             * @example COMP-001
             */
            company_id: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            date_joined: string;
            document_type: string | null;
            email: string;
            /** @description When the user proved to read mails to the address */
            email_verified_at: string | null;
            first_name: string;
            /** Format: uuid */
            id: string;
            /** @description Accounts at other providers by which the user signs in */
            identities: components["schemas"]["Identity"][];
            is_active: boolean;
            /** @description True for every role except customer */
            is_staff: boolean;
            is_superuser: boolean;
            last_login: string | null;
            last_name: string | null;
            number_document_identity: string | null;
            /**
             * @description What the role may do: resource:action, with the suffix :own when limited to your own record
             * @example [
             *       "customers:read",
             *       "users:update:own"
             *     ]
             */
            permissions: string[];
            phone: string | null;
            role: ("customer" | "viewer" | "manager" | "admin" | "superuser") | components["schemas"]["UnknownValue"];
            /** @example USER-10000000 */
            unique_id: string;
            /** Format: date-time */
            updated_at: string;
            username: string;
            version: number;
        };
        CodeExchange: {
            /** @description The code in the fragment of the return */
            code: string;
        };
        Company: {
            /** @description Whether the status is active */
            active: boolean;
            business_name: string | null;
            /** @example COMP-001 */
            company_id: string;
            company_key: string;
            country: string;
            /** Format: date-time */
            created_at: string;
            currency: string;
            days_credit: number;
            document_number: string | null;
            document_type: string | null;
            /** Format: uuid */
            id: string;
            name: string;
            /** @description Whether anyone may register as a customer of the company */
            open_registration: boolean;
            /** @description Whether every user but customers needs a second factor */
            require_mfa: boolean;
            status: ("active" | "inactive" | "suspended") | components["schemas"]["UnknownValue"];
            total_active_users: number;
            total_users: number;
            /** Format: date-time */
            updated_at: string;
            version: number;
        };
        CompanyAnalytics: {
            active_companies: number;
            companies_by_status: {
                active: number;
                inactive: number;
                suspended: number;
            };
            /** @description Inactive and suspended companies */
            inactive_companies: number;
            new_companies_last_30_days: number;
            new_users_last_30_days: number;
            total_companies: number;
            /** @description Excludes superusers, who have no company */
            total_users: number;
            users_by_role: {
                admin: number;
                customer: number;
                manager: number;
                viewer: number;
            };
        };
        CompanyList: {
            companies: components["schemas"]["Company"][];
            limit: number;
            offset: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        CompanyPatch: {
            business_name?: string | null;
            company_key?: string;
            /** @example ES */
            country?: string;
            /** @example EUR */
            currency?: string;
            days_credit?: number;
            document_number?: string | null;
            document_type?: string | null;
            name?: string;
            open_registration?: boolean;
            require_mfa?: boolean;
            /** @enum {string} */
            status?: "active" | "inactive" | "suspended";
        };
        Credentials: {
            /**
             * Format: email
             * @description Alias of email
             */
            ds_user_email?: string;
            /** Format: email */
            email?: string;
            /** Format: password */
            password: string;
            username?: string;
            username_or_email?: string;
        };
        Customer: {
            address: {
                city: string | null;
                country: string | null;
                line: string | null;
                state: string | null;
                zip_code: string | null;
            } | null;
            avatar_url: string | null;
            birthday: string | null;
            /** Format: uuid */
            business_id: string;
            city_id: number | null;
            /** Format: date-time */
            created_at: string;
            currency: string;
            document_number: string | null;
            document_type: string | null;
            email: string | null;
            external_id: string | null;
            firstname: string | null;
            full_name: string | null;
            gender: (("male" | "female" | "other") | components["schemas"]["UnknownValue"]) | null;
            /** Format: uuid */
            id: string;
            is_active: boolean;
            last_appointment_date: string | null;
            last_auth_at: string | null;
            last_complaint_date: string | null;
            last_order_date: string | null;
            lastname: string | null;
            /**
             * Format: decimal
             * @example 1234.50
             */
            lifetime_value: string;
            metadata: {
                [key: string]: unknown;
            };
            number: number;
            open_complaints: number;
            phone: string | null;
            preferences: {
                language: string;
                newsletter: boolean;
                notifications: boolean;
            };
            status: ("active" | "inactive" | "suspended") | components["schemas"]["UnknownValue"];
            tags: string[];
            total_appointments: number;
            total_complaints: number;
            total_orders: number;
            type: ("regular" | "premium" | "vip") | components["schemas"]["UnknownValue"];
            /** Format: date-time */
            updated_at: string;
            user_id: string | null;
            /** @description Raised by every change but those of the counters */
            version: number;
        };
        CustomerAnalytics: {
            complaint_statistics: {
                open_complaints: number;
                total_complaints: number;
            };
            customers_by_status: {
                active: number;
                inactive: number;
                suspended: number;
            };
            customers_by_type: {
                premium: number;
                regular: number;
                vip: number;
            };
            /** Format: date-time */
            generated_at: string;
            /** @description Since the first of the month (UTC) */
            new_customers_this_month: number;
            order_statistics: {
                /** @description The value by the number of orders in that currency; null when outside figures do not have that number */
                average_order_value: string | null;
                /**
                 * Format: decimal
                 * @description In the currency of the company; amounts in other currencies are not included
                 * @example 1234.50
                 */
                total_order_value: string;
                total_orders: number;
            };
            total_customers: number;
        };
        CustomerAppointments: {
            appointments: {
                [key: string]: unknown;
            }[];
            /**
             * Format: date-time
             * @description When the data was fetched or the counters were last updated
             */
            as_of: string;
            /** @description Present while the owning service is unavailable: the summary comes from stored counters */
            note?: string;
            status_breakdown: {
                [key: string]: number;
            };
            summary: {
                cancelled_appointments: number;
                last_appointment_date: string | null;
                total_appointments: number;
            };
        };
        CustomerComplaints: {
            /**
             * Format: date-time
             * @description When the data was fetched or the counters were last updated
             */
            as_of: string;
            complaints: {
                [key: string]: unknown;
            }[];
            /** @description Present while the owning service is unavailable: the summary comes from stored counters */
            note?: string;
            status_breakdown: {
                [key: string]: number;
            };
            summary: {
                last_complaint_date: string | null;
                open_complaints: number;
                resolved_complaints: number;
                total_complaints: number;
            };
        };
        CustomerCursorPage: {
            customers: components["schemas"]["Customer"][];
            next_cursor: string | null;
            per_page: number;
        };
        CustomerOrders: {
            /**
             * Format: date-time
             * @description When the data was fetched or the counters were last updated
             */
            as_of: string;
            /** @description Present while the owning service is unavailable: the summary comes from stored counters */
            note?: string;
            orders: {
                [key: string]: unknown;
            }[];
            status_breakdown: {
                [key: string]: number;
            };
            summary: {
                /** @description The value by the number of orders in the currency of the company; null when that number is unknown */
                average_order_value: string | null;
                last_order_date: string | null;
                /**
                 * Format: decimal
                 * @example 1234.50
                 */
                total_order_value: string;
                total_orders: number;
            };
        };
        CustomerPage: {
            customers: components["schemas"]["Customer"][];
            page: number;
            pages: number;
            per_page: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        CustomerPatch: {
            address?: {
                city?: string | null;
                country?: string | null;
                line?: string | null;
                state?: string | null;
                zip_code?: string | null;
            } | null;
            birthday?: string | null;
            /** Format: uuid */
            business_id?: string;
            city_id?: number | null;
            document_number?: string | null;
            document_type?: string | null;
            email?: string | null;
            external_id?: string | null;
            firstname?: string | null;
            full_name?: string | null;
            gender?: ("male" | "female" | "other") | null;
            last_auth_at?: string | null;
            lastname?: string | null;
            metadata?: {
                [key: string]: unknown;
            };
            phone?: string | null;
            preferences?: {
                language?: string;
                newsletter?: boolean;
                notifications?: boolean;
            };
            user_id?: string | null;
        };
        CustomerResponse: {
            customer: components["schemas"]["VisibleCustomer"];
        };
        CustomerSeries: {
            /** @description Of the orders that count, for orders and order_value */
            currency?: string;
            /** Format: date-time */
            generated_at: string;
            interval: ("day" | "week" | "month") | components["schemas"]["UnknownValue"];
            metric: ("customers" | "orders" | "order_value" | "complaints") | components["schemas"]["UnknownValue"];
            points: {
                /**
                 * Format: date-time
                 * @description The begin of the interval (UTC)
                 */
                at: string;
                /** @description An amount for order_value, else a count */
                value: number | string;
            }[];
        };
        CustomerStatistics: {
            /** @description Amounts spent in other currencies */
            by_currency: {
                [key: string]: string;
            };
            cancelled_appointments: number;
            currency: string;
            /**
             * Format: date-time
             * @description When the customer was created
             */
            customer_since: string;
            first_appointment_date: string | null;
            first_order_date: string | null;
            last_appointment_date: string | null;
            last_complaint_date: string | null;
            last_order_date: string | null;
            /**
             * Format: decimal
             * @example 1234.50
             */
            lifetime_value: string;
            open_complaints: number;
            returned_orders: number;
            total_appointments: number;
            total_complaints: number;
            total_orders: number;
        };
        CustomerStatusChange: {
            /** @description Stored in the history */
            reason?: string | null;
            /** @enum {string} */
            status: "active" | "inactive" | "suspended";
        };
        CustomerTypeChange: {
            /** @enum {string} */
            type: "regular" | "premium" | "vip";
        };
        DeletedFavorites: {
            data: {
                /** @description Number of deleted favorites */
                count_deleted: number;
            };
            message: null;
            /** @constant */
            success: true;
        };
        DocumentType: {
            active: boolean;
            category: string | null;
            code: string;
            /** @description The country that issues the document; null for any country */
            country_code: string | null;
            /** Format: date-time */
            created_at: string;
            description: string | null;
            /** Format: uuid */
            id: string;
            name: string;
            version: number;
        };
        DocumentTypeList: components["schemas"]["DocumentType"][];
        DocumentTypePatch: {
            active?: boolean;
            category?: string | null;
            country_code?: string | null;
            description?: string | null;
            name?: string;
        };
        DropReason: {
            reason: string;
        };
        EmailChange: {
            /** Format: password */
            current_password: string;
            email: string;
        };
        ErasureReceiptResponse: {
            /** @description The signed receipt (RFC 7515, compact); keys are in /.well-known/jwks.json */
            jws: string;
            receipt: {
                /** Format: uuid */
                business_id?: string;
                /** Format: uuid */
                company_id: string;
                customer_id: string | null;
                /** Format: date-time */
                done_at: string;
                /** Format: uuid */
                request_id: string;
                /** Format: date-time */
                requested_at: string;
                services: {
                    anonymised: {
                        columns: string[];
                        rows: number;
                        table: string;
                        why: string;
                    }[];
                    /** Format: date-time */
                    done_at: string;
                    erased: {
                        columns: string[];
                        rows: number;
                        table: string;
                    }[];
                    kept: {
                        columns: string[];
                        rows: number;
                        table: string;
                        why: string;
                    }[];
                    service: ("auth" | "customer" | "interaction" | "product" | "favorites") | components["schemas"]["UnknownValue"];
                }[];
                user_id: string | null;
            };
        };
        ErasureRequest: {
            /** Format: uuid */
            business_id: string;
            customer_id: string | null;
            done_at: string | null;
            /** Format: uuid */
            id: string;
            /** @description The request for the same user, when this request erases another customer record of that user */
            part_of: string | null;
            /** Format: date-time */
            requested_at: string;
            requested_by: string;
            services: {
                auth: ("pending" | "done") | components["schemas"]["UnknownValue"];
                customer: ("pending" | "done") | components["schemas"]["UnknownValue"];
                favorites: ("pending" | "done") | components["schemas"]["UnknownValue"];
                interaction: ("pending" | "done") | components["schemas"]["UnknownValue"];
                product: ("pending" | "done") | components["schemas"]["UnknownValue"];
            };
            status: ("pending" | "running" | "done") | components["schemas"]["UnknownValue"];
            user_id: string | null;
            version: number;
        };
        ErasureRequestPage: {
            page: number;
            pages: number;
            per_page: number;
            requests: components["schemas"]["ErasureRequest"][];
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        ErasureRequestResponse: {
            request: components["schemas"]["ErasureRequest"];
        };
        FailedEventPage: {
            events: {
                attempts: number;
                business_id: string | null;
                data: {
                    [key: string]: unknown;
                };
                /** Format: date-time */
                failed_at: string;
                /** Format: uuid */
                id: string;
                name: string;
                /** Format: date-time */
                occurred_at: string;
                reason: string;
                sequence: number;
                service: ("auth" | "customer" | "interaction" | "product" | "favorites") | components["schemas"]["UnknownValue"];
                subscriber: string;
            }[];
            next_cursor: string | null;
            per_page: number;
            /** @description Services that are unreachable now; their failed events are missing from this page */
            unavailable: (("auth" | "customer" | "interaction" | "product" | "favorites") | components["schemas"]["UnknownValue"])[];
        };
        Favorite: {
            /** Format: date-time */
            created_at: string;
            id: number;
            /** @description The product’s number */
            item_id: number;
            /** @description The customer’s number */
            user_id: number;
        };
        FavoriteDeletion: {
            id: number[];
        };
        FavoriteList: {
            /** @description Total number of matching favorites */
            count: number;
            items: components["schemas"]["Favorite"][];
        };
        FileForm: {
            /** Format: binary */
            file: string;
        };
        ForgottenPassword: {
            /** Format: email */
            email: string;
        };
        GatewayHealth: {
            service: string;
            status: "healthy" | components["schemas"]["UnknownValue"];
            version: string;
        };
        GatewayInfo: {
            docs_url: string;
            message: string;
            service: string;
            version: string;
        };
        GatewayReadiness: {
            dependencies: {
                [key: string]: ("up" | "down") | components["schemas"]["UnknownValue"];
            };
            service: string;
            services: {
                [key: string]: ("up" | "down") | components["schemas"]["UnknownValue"];
            };
            status: ("ready" | "degraded" | "starting" | "draining") | components["schemas"]["UnknownValue"];
            version: string;
        };
        HistoryEntry: {
            /** @example customer.updated */
            action: string;
            /** @description A user, or service:<name> */
            actor_id: string;
            /** Format: date-time */
            at: string;
            changes: {
                field: string;
                from: unknown;
                to: unknown;
            }[];
            /** Format: uuid */
            id: string;
            reason?: string;
        };
        HistoryPage: {
            history: components["schemas"]["HistoryEntry"][];
            next_cursor: string | null;
        };
        Identity: {
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            id: string;
            issuer: string;
            /** Format: date-time */
            last_used_at: string;
            /** @description The name of the provider when the identity was joined */
            provider: string;
        };
        Import: {
            created: number;
            created_at: string;
            created_by: string;
            dry_run: boolean;
            encoding: string | null;
            ended_at: string | null;
            /** @description Why the whole import failed */
            error: string | null;
            error_code: string | null;
            eta: string | null;
            failed: number;
            format: string | null;
            /** Format: uuid */
            id: string;
            /** @description Columns that no field takes */
            left_behind: string[];
            mapping: {
                [key: string]: string | null;
            } | null;
            match_on: ("email" | "phone" | "external_id") | components["schemas"]["UnknownValue"];
            on_match: ("skip" | "update") | components["schemas"]["UnknownValue"];
            percent: number;
            /** @description Rows that are not wholly empty */
            read: number;
            separator: string | null;
            skipped: number;
            source: ("file" | "vaptekesync") | components["schemas"]["UnknownValue"];
            /** @description Further counts of source vaptekesync */
            source_counts?: {
                [key: string]: number;
            };
            started_at: string | null;
            status: ("queued" | "running" | "done" | "cancelled" | "failed") | components["schemas"]["UnknownValue"];
            updated: number;
            /** @description Values that were left out of imported rows */
            warnings: number;
        };
        ImportPage: {
            imports: components["schemas"]["Import"][];
            page: number;
            pages: number;
            per_page: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        ImportResponse: {
            import: components["schemas"]["Import"];
        };
        Interaction: {
            category: string | null;
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** Format: uuid */
            customer_id: string;
            /** Format: uuid */
            id: string;
            notes: string;
            /** Format: date-time */
            occurred_at: string;
            priority: (("low" | "medium" | "high" | "critical") | components["schemas"]["UnknownValue"]) | null;
            scheduled_at: string | null;
            /** @description For appointments and complaints; null for other types */
            status: (("booked" | "done" | "cancelled" | "open" | "in_progress" | "resolved" | "closed") | components["schemas"]["UnknownValue"]) | null;
            type: string;
            /** Format: date-time */
            updated_at: string;
            version: number;
        };
        InteractionCursorPage: {
            interactions: components["schemas"]["Interaction"][];
            next_cursor: string | null;
            per_page: number;
        };
        InteractionPage: {
            interactions: components["schemas"]["Interaction"][];
            page: number;
            pages: number;
            per_page: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        InteractionPatch: {
            category?: string | null;
            /** @description Alias of notes */
            ds_notes?: string;
            /**
             * @description Alias of type
             * @example call
             */
            id_interaction_type?: string;
            notes?: string;
            /** Format: date-time */
            occurred_at?: string;
            priority?: ("low" | "medium" | "high" | "critical") | null;
            scheduled_at?: string | null;
            /** @description Appointments: booked, done, cancelled; complaints: open, in_progress, resolved, closed; the first is the default. Other types have no status */
            status?: ("booked" | "done" | "cancelled" | "open" | "in_progress" | "resolved" | "closed") | null;
            /**
             * @description Case-insensitive; venda, ligacao, reuniao and contato are aliases of sale, call, meeting and note
             * @example call
             */
            type?: string;
        };
        InteractionResponse: {
            interaction: components["schemas"]["Interaction"];
        };
        InteractionType: {
            /** @description Available in every company */
            built_in: boolean;
            created_at: string | null;
            created_by: string | null;
            name: string;
            /** @description 1: a type never changes */
            version: number;
        };
        InteractionTypePage: {
            interaction_types: components["schemas"]["InteractionType"][];
            page: number;
            pages: number;
            per_page: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        Invitation: {
            /**
             * Format: uuid
             * @description The UUID of the company
             */
            business_id: string;
            /**
             * @description The readable key of the company
             * @example COMP-001
             */
            company_id: string;
            /** Format: date-time */
            created_at: string;
            email: string;
            /** Format: date-time */
            expires_at: string;
            /** Format: uuid */
            id: string;
            /** @description The user who invited; null when it was deleted */
            invited_by: string | null;
            language: ("en" | "es" | "pt" | "ro" | "ru") | components["schemas"]["UnknownValue"];
            name: string | null;
            role: ("customer" | "viewer" | "manager" | "admin" | "superuser") | components["schemas"]["UnknownValue"];
            status: ("sent" | "opened" | "accepted" | "expired" | "revoked") | components["schemas"]["UnknownValue"];
            version: number;
        };
        InvitationAcceptance: {
            /** @description Full name; required with a password, unless the invitation has one */
            name?: string;
            /** @description In place of a password: of the return from a provider, by which the user will sign in */
            oidc_code?: string;
            /** Format: password */
            password?: string;
            /** @description The token in the link of a mail */
            token: string;
        };
        InvitationList: {
            invitations: components["schemas"]["Invitation"][];
            limit: number;
            offset: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        InvitationPreview: {
            company_name: string;
            email: string;
            name: string | null;
            role: ("customer" | "viewer" | "manager" | "admin" | "superuser") | components["schemas"]["UnknownValue"];
        };
        InvitationResponse: {
            invitation: components["schemas"]["Invitation"];
            message: string;
        };
        InvitationToken: {
            /** @description The token in the link of a mail */
            token: string;
        };
        IssuedApiKey: {
            api_key: components["schemas"]["ApiKey"];
            /** @description The key itself, which is shown this one time */
            key: string;
            message: string;
        };
        Job: {
            /** Format: date-time */
            created_at: string;
            /** @description A user, or service:<name> */
            created_by: string;
            /** @description Amount of finished work */
            done: number;
            ended_at: string | null;
            /** @description Why the job failed */
            error: string | null;
            /** @description When a running job probably ends; null when unknown */
            eta: string | null;
            /** Format: uuid */
            id: string;
            kind: ("customers.import" | "customers.import.undo") | components["schemas"]["UnknownValue"];
            percent: number;
            started_at: string | null;
            status: ("queued" | "running" | "done" | "cancelled" | "failed") | components["schemas"]["UnknownValue"];
            /** @description Amount of work, such as rows; null while unknown */
            total: number | null;
        };
        JobList: {
            jobs: components["schemas"]["Job"][];
            limit: number;
            offset: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        Jwks: {
            keys: components["schemas"]["PublicJwk"][];
        };
        LabelList: {
            labels: components["schemas"]["LabelUse"][];
            /** @description All labels of the company, or all that the search finds */
            total: number;
        };
        LabelUse: {
            /** @description Its most used color */
            color: string | null;
            /** @description Customers that the default list finds by it */
            customers: number;
            /** @description Its most used spelling; labels are the same in any case */
            label: string;
        };
        MadeApiKey: {
            /** Format: uuid */
            id: string;
            name: string;
        };
        Message: {
            message: string;
        };
        MfaSignIn: {
            /**
             * @description The code that the authenticator app shows
             * @example 492039
             */
            code?: string;
            /** @description Of the 401 MFA_REQUIRED */
            mfa_token: string;
            /**
             * @description One of the ten codes, which it spends
             * @example x7k2-9qpm-4tzd-0e8w
             */
            recovery_code?: string;
        };
        NewApiKey: {
            allowed_ips?: (string)[] | null;
            /**
             * Format: date-time
             * @description Default: in a year. At most two years ahead
             */
            expires_at?: string;
            name: string;
            /** @description A part of the role’s permissions. Default: those that the role has at the time of each request */
            permissions?: ("users:read" | "users:create" | "users:update" | "users:delete" | "companies:read" | "companies:create" | "companies:update" | "companies:delete" | "document_types:manage" | "audit:read" | "analytics:read" | "events:manage" | "keys:manage" | "gdpr:manage" | "customers:read" | "customers:create" | "customers:update" | "customers:delete" | "customers:hard_delete" | "customers:import" | "customers:export" | "interactions:read" | "interactions:create" | "interactions:update" | "interactions:delete" | "interactions:manage" | "transactions:read" | "transactions:create" | "transactions:update" | "products:read" | "products:create" | "products:update" | "products:delete" | "products:hard_delete" | "favorites:read" | "favorites:create" | "favorites:delete")[] | null;
            /** @description At most RATE_LIMIT_USER_PER_MINUTE, which is the default */
            rate_per_minute?: number | null;
            /** @enum {string} */
            role: "viewer" | "manager" | "admin";
        };
        NewCompany: {
            business_name?: string | null;
            company_key?: string;
            /** @example ES */
            country?: string;
            /** @example EUR */
            currency?: string;
            /** @default 0 */
            days_credit?: number;
            document_number?: string | null;
            document_type?: string | null;
            name: string;
            /** @default false */
            open_registration?: boolean;
            /** @default false */
            require_mfa?: boolean;
        };
        NewCustomer: {
            address?: {
                city?: string | null;
                country?: string | null;
                line?: string | null;
                state?: string | null;
                zip_code?: string | null;
            } | null;
            birthday?: string | null;
            /**
             * Format: uuid
             * @description Must be your own company
             */
            business_id?: string;
            city_id?: number | null;
            document_number?: string | null;
            document_type?: string | null;
            email?: string | null;
            external_id?: string | null;
            firstname?: string | null;
            full_name?: string | null;
            gender?: ("male" | "female" | "other") | null;
            last_auth_at?: string | null;
            lastname?: string | null;
            metadata?: {
                [key: string]: unknown;
            };
            /** @description A number below 10,000,000; omitted: the next free number */
            number?: number;
            phone?: string | null;
            preferences?: {
                language?: string;
                newsletter?: boolean;
                notifications?: boolean;
            };
            /**
             * @default active
             * @enum {string}
             */
            status?: "active" | "inactive" | "suspended";
            /** @description Labels */
            tags?: string[];
            /**
             * @default regular
             * @enum {string}
             */
            type?: "regular" | "premium" | "vip";
            user_id?: string | null;
        };
        NewCustomerTags: {
            /**
             * @default null
             * @example #FFD700
             */
            color?: string | null;
            /** Format: uuid */
            customer_id: string;
            label?: string;
            labels?: string[];
            /**
             * @description Higher ones come first
             * @default 0
             */
            priority?: number;
        };
        NewDocumentType: {
            /** @default true */
            active?: boolean;
            category?: string | null;
            code: string;
            country_code?: string | null;
            description?: string | null;
            name: string;
        };
        NewFavorite: {
            /** @description The product’s number */
            item_id: number;
            /** @description The customer’s number */
            user_id: number;
        };
        NewImport: {
            dry_run?: boolean;
            encoding?: string;
            /** @description Column name → field; null leaves the column behind. Columns that are not named are mapped as without it */
            mapping?: {
                [key: string]: string | null;
            };
            /** @enum {string} */
            match_on?: "email" | "phone" | "external_id";
            /** @enum {string} */
            on_match?: "skip" | "update";
            separator?: string;
            /**
             * @description `file` only with a file, and its default
             * @enum {string}
             */
            source?: "file" | "vaptekesync";
        };
        NewImportForm: {
            dry_run?: boolean;
            encoding?: string;
            /** Format: binary */
            file: string;
            /** @description Column name → field; null leaves the column behind. Columns that are not named are mapped as without it */
            mapping?: {
                [key: string]: string | null;
            };
            /** @enum {string} */
            match_on?: "email" | "phone" | "external_id";
            /** @enum {string} */
            on_match?: "skip" | "update";
            separator?: string;
            /**
             * @description `file` only with a file, and its default
             * @enum {string}
             */
            source?: "file" | "vaptekesync";
        };
        NewInteraction: {
            category?: string | null;
            /** @description Alias of notes */
            ds_notes?: string;
            /**
             * @description Alias of type
             * @example call
             */
            id_interaction_type?: string;
            /** @description Required, as notes or ds_notes */
            notes?: string;
            /**
             * Format: date-time
             * @description Default: now
             */
            occurred_at?: string;
            priority?: ("low" | "medium" | "high" | "critical") | null;
            scheduled_at?: string | null;
            /** @description Appointments: booked, done, cancelled; complaints: open, in_progress, resolved, closed; the first is the default. Other types have no status */
            status?: ("booked" | "done" | "cancelled" | "open" | "in_progress" | "resolved" | "closed") | null;
            /**
             * @description Required, as type or id_interaction_type
             * @example call
             */
            type?: string;
        };
        NewInteractionType: {
            /**
             * @description Case-insensitive; venda, ligacao, reuniao and contato are aliases of sale, call, meeting and note
             * @example call
             */
            name: string;
        };
        NewInvitation: {
            /** @description UUID or key; required from superusers, who have no company of their own */
            company_id?: (string) | null;
            email: string;
            /**
             * @description Of the mail; default that of the company’s country
             * @enum {string}
             */
            language?: "en" | "es" | "pt" | "ro" | "ru";
            name?: string | null;
            /** @enum {string} */
            role: "customer" | "viewer" | "manager" | "admin";
        };
        NewNote: {
            content: string;
        };
        NewProduct: {
            /** @example EUR */
            currency?: string;
            description?: string | null;
            /** @description A new product is active */
            is_active?: true | null;
            /** @default {} */
            metadata?: {
                [key: string]: unknown;
            };
            name: string;
            /** @description Your own number, below 10,000,000; assigned from a sequence when omitted */
            number?: number;
            /** Format: decimal */
            price: string;
            sku?: string | null;
            /**
             * @default product
             * @enum {string}
             */
            type?: "product" | "service";
        };
        NewTags: {
            /**
             * @default null
             * @example #FFD700
             */
            color?: string | null;
            label?: string;
            labels?: string[];
            /**
             * @description Higher ones come first
             * @default 0
             */
            priority?: number;
        };
        NewTransaction: {
            /** Format: decimal */
            amount: string;
            /**
             * @description Default: the company’s currency
             * @example EUR
             */
            currency?: string;
            description?: string | null;
            /**
             * @description in: received by the company; out: paid by it
             * @enum {string}
             */
            direction: "in" | "out";
            /** @description Its id in your other systems, unique in the company; a repeat with the same content returns the existing record */
            external_ref?: string | null;
            /** @enum {string} */
            kind: "order" | "payment" | "refund";
            /**
             * Format: date-time
             * @description Default: now
             */
            occurred_at?: string;
            /** @description Id of its order in your other systems */
            order_id?: string | null;
            product_id?: string | null;
            /**
             * @default completed
             * @enum {string}
             */
            status?: "pending" | "completed" | "cancelled";
        };
        NewUser: {
            address?: string | null;
            /** @description UUID or key; required from superusers, who have no company of their own */
            company_id?: (string) | null;
            document_type?: string | null;
            email: string;
            first_name?: string;
            last_name?: string | null;
            number_document_identity?: string | null;
            /**
             * Format: password
             * @description Without it the person is invited by mail
             */
            password?: string;
            phone?: string | null;
            /**
             * @default customer
             * @enum {string}
             */
            role?: "customer" | "viewer" | "manager" | "admin" | "superuser";
            username?: string;
        };
        Note: {
            content: string;
            /** Format: date-time */
            created_at: string;
            /** @description The user who wrote it */
            created_by: string;
            /** Format: uuid */
            customer_id: string;
            /** Format: uuid */
            id: string;
        };
        NotePage: {
            notes: components["schemas"]["Note"][];
            page: number;
            pages: number;
            per_page: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        OpenComplaints: {
            critical: number;
            high: number;
            low: number;
            medium: number;
            /** @description Without a priority */
            none: number;
        };
        OwnUserPatch: {
            address?: string | null;
            document_type?: string | null;
            first_name?: string;
            last_name?: string | null;
            /** @description Full name, split at its first space; replaces first_name and last_name */
            name?: string;
            number_document_identity?: string | null;
            phone?: string | null;
        };
        PasswordChange: {
            /** Format: password */
            current_password: string;
            /** Format: password */
            new_password: string;
        };
        PasswordReset: {
            /** Format: password */
            new_password: string;
            /** @description The token in the link of a mail */
            token: string;
        };
        Person: {
            /** @description Whether a user or an API key is active; always true for a service */
            active: boolean;
            id: string;
            name: string;
        };
        PersonalData: {
            audit: {
                [key: string]: unknown;
            }[];
            customer: {
                [key: string]: unknown;
            } | null;
            favorites: {
                [key: string]: unknown;
            }[];
            history: {
                [key: string]: unknown;
            }[];
            interactions: {
                [key: string]: unknown;
            }[];
            notes: {
                [key: string]: unknown;
            }[];
            /** @description Other customer records of the same user, if any; their tags, notes and other rows are listed above */
            other_customers?: {
                [key: string]: unknown;
            }[];
            sessions: {
                [key: string]: unknown;
            }[];
            tags: {
                [key: string]: unknown;
            }[];
            transactions: {
                [key: string]: unknown;
            }[];
            user: {
                [key: string]: unknown;
            } | null;
        };
        PersonList: {
            people: components["schemas"]["Person"][];
        };
        /** @description { customer_id }, or { user_id, business_id } */
        PersonRef: {
            /**
             * Format: uuid
             * @description Your company; required with user_id
             */
            business_id?: string;
            /** Format: uuid */
            customer_id?: string;
            /** Format: uuid */
            user_id?: string;
        };
        PopularProduct: {
            /** @description Number of customers with this favorite */
            count: number;
            /** @description The product’s number */
            item_id: number;
        };
        PopularProductList: {
            /** @description Number of products that are a favorite of any customer */
            count: number;
            items: components["schemas"]["PopularProduct"][];
        };
        /** @description RFC 9457 problem details */
        Problem: {
            detail: string;
            error_code: string;
            errors: {
                message: string;
                path: string;
            }[];
            /** @description In a 409, the record that has the unique value, where the caller may see it */
            existing?: {
                id?: string;
                /** @description The number that people read out */
                number?: number | string;
            } & {
                [key: string]: unknown;
            };
            /** @description In a 401 MFA_REQUIRED, what the second step of the sign-in takes */
            mfa_token?: string;
            /**
             * @description The permission that the caller lacks, in a 403
             * @example customers:create
             */
            missing?: string;
            request_id: string;
            status: number;
            /** Format: date-time */
            timestamp: string;
            title: string;
            type: string;
        } & {
            [key: string]: unknown;
        };
        Product: {
            /** Format: date-time */
            created_at: string;
            currency: string;
            description: string | null;
            /** Format: uuid */
            id: string;
            is_active: boolean;
            metadata: {
                [key: string]: unknown;
            };
            name: string;
            number: number;
            /**
             * Format: decimal
             * @example 1234.50
             */
            price: string;
            sku: string | null;
            type: ("product" | "service") | components["schemas"]["UnknownValue"];
            /** Format: date-time */
            updated_at: string;
            version: number;
        };
        ProductPage: {
            page: number;
            pages: number;
            per_page: number;
            products: components["schemas"]["Product"][];
            total: number;
            /** @constant */
            total_is_estimate?: true;
        };
        ProductPatch: {
            /** @example EUR */
            currency?: string;
            description?: string | null;
            metadata?: {
                [key: string]: unknown;
            };
            name?: string;
            /** Format: decimal */
            price?: string;
            sku?: string | null;
            /** @enum {string} */
            type?: "product" | "service";
        };
        ProductResponse: {
            product: components["schemas"]["Product"];
        };
        ProviderList: {
            providers: {
                /**
                 * @description The name in paths
                 * @example my_company
                 */
                name: string;
                /**
                 * @description The name as people read it
                 * @example My Company
                 */
                title: string;
            }[];
        };
        PublicJwk: {
            /** @constant */
            alg: "ES256";
            /** @constant */
            crv: "P-256";
            kid: string;
            /** @constant */
            kty: "EC";
            use: ("sig" | "receipts") | components["schemas"]["UnknownValue"];
            x: string;
            y: string;
        };
        RecoveryCodes: {
            message: string;
            /** @description Shown this one time */
            recovery_codes: string[];
        };
        RefreshRequest: {
            refresh_token: string;
        };
        Registration: {
            /** @example COMP-001 */
            company_id?: string;
            company_name?: string;
            /** @description Alias of name */
            ds_user?: string;
            /** @description Alias of email */
            ds_user_email?: string;
            email?: string;
            first_name?: string;
            last_name?: string | null;
            /** @description Full name, split at its first space; replaces first_name and last_name */
            name?: string;
            /** Format: password */
            password: string;
            phone?: string | null;
            username?: string;
        };
        RemovedUser: {
            /** @description The API keys that the user made and that were good; revoke_keys=true has revoked them */
            api_keys: components["schemas"]["MadeApiKey"][];
            message: string;
        };
        Role: {
            code: ("customer" | "viewer" | "manager" | "admin" | "superuser") | components["schemas"]["UnknownValue"];
            name: string;
            /** @description resource:action, with the suffix :own when limited to your own record; or all */
            permissions: string[];
        };
        RoleList: {
            roles: components["schemas"]["Role"][];
        };
        Rotation: {
            /**
             * @description How long the old key stays good: 0 to 7d
             * @default 24h
             */
            grace?: string;
        };
        SavedCustomerResponse: {
            customer: components["schemas"]["VisibleCustomer"];
            message: string;
        };
        SavedErasureRequestResponse: {
            /** @description The signed receipt (RFC 7515, compact); keys are in /.well-known/jwks.json */
            jws?: string;
            message: string;
            receipt?: {
                /** Format: uuid */
                business_id?: string;
                /** Format: uuid */
                company_id: string;
                customer_id: string | null;
                /** Format: date-time */
                done_at: string;
                /** Format: uuid */
                request_id: string;
                /** Format: date-time */
                requested_at: string;
                services: {
                    anonymised: {
                        columns: string[];
                        rows: number;
                        table: string;
                        why: string;
                    }[];
                    /** Format: date-time */
                    done_at: string;
                    erased: {
                        columns: string[];
                        rows: number;
                        table: string;
                    }[];
                    kept: {
                        columns: string[];
                        rows: number;
                        table: string;
                        why: string;
                    }[];
                    service: ("auth" | "customer" | "interaction" | "product" | "favorites") | components["schemas"]["UnknownValue"];
                }[];
                user_id: string | null;
            };
            request: components["schemas"]["ErasureRequest"];
        };
        SavedImportResponse: {
            import: components["schemas"]["Import"];
            message: string;
        };
        SavedInteractionResponse: {
            interaction: components["schemas"]["Interaction"];
            message: string;
        };
        SavedInteractionTypeResponse: {
            interaction_type: components["schemas"]["InteractionType"];
            message: string;
        };
        SavedJobResponse: {
            job: components["schemas"]["Job"];
            message: string;
        };
        SavedNoteResponse: {
            message: string;
            note: components["schemas"]["Note"];
        };
        SavedProductResponse: {
            message: string;
            product: components["schemas"]["Product"];
        };
        SavedTagResponse: {
            message: string;
            tag: components["schemas"]["Tag"];
        };
        SavedTagsResponse: {
            message: string;
            tags: components["schemas"]["Tag"][];
        };
        SavedTransactionResponse: {
            message: string;
            transaction: components["schemas"]["Transaction"];
        };
        SavedUserResponse: {
            message: string;
            user: components["schemas"]["User"];
        };
        SecondFactorState: {
            recovery_codes_left: number;
            /** @description Whether sign-in asks for a code */
            totp: boolean;
        };
        Session: {
            /** Format: date-time */
            created_at: string;
            /** @description Whether this is the session of the request */
            current: boolean;
            /** @description The User-Agent of the client */
            device: string | null;
            /** Format: uuid */
            id: string;
            /** @description The address that signed in */
            ip: string | null;
            /**
             * Format: date-time
             * @description The time of the sign-in or of the last token refresh
             */
            last_used_at: string;
        };
        SessionList: {
            sessions: components["schemas"]["Session"][];
        };
        SignInResponse: {
            access_token: string;
            /** @description Seconds */
            expires_in: number;
            message: string;
            refresh_token: string;
            /** @constant */
            token_type: "Bearer";
            user: components["schemas"]["User"];
        };
        SourceImportCounts: {
            /** @description Rows whose phone another row with a higher id has */
            duplicates: number;
            /** @description E-mail addresses of other customers, left out */
            emails_taken: number;
            /** @description New customers */
            imported: number;
            /** @description Invalid e-mail addresses, left out */
            invalid_emails: number;
            /** @description Rows of the source */
            read: number;
            seconds: number;
            /** @description Rows without an accepted phone, and those whose customer exists, was deleted or erased */
            skipped: number;
        };
        SourceImportResponse: {
            data: components["schemas"]["SourceImportCounts"];
            message: string;
            /** @constant */
            success: true;
        };
        Tag: {
            color: string | null;
            /** Format: date-time */
            created_at: string;
            /** @description The user who added it */
            created_by: string;
            /** Format: uuid */
            customer_id: string;
            /** Format: uuid */
            id: string;
            label: string;
            priority: number;
        };
        TagList: {
            tags: components["schemas"]["Tag"][];
            total: number;
        };
        Timeline: {
            next_cursor: string | null;
            per_page: number;
            timeline: components["schemas"]["TimelineItem"][];
        };
        TimelineItem: {
            /** Format: uuid */
            id: string;
            interaction: components["schemas"]["Interaction"];
            /** @constant */
            kind: "interaction";
            /** Format: date-time */
            occurred_at: string;
        } | {
            /** Format: uuid */
            id: string;
            /** @constant */
            kind: "transaction";
            /** Format: date-time */
            occurred_at: string;
            transaction: components["schemas"]["Transaction"];
        } | {
            /** Format: uuid */
            id: string;
            /** @constant */
            kind: "note";
            note: {
                content: string;
                created_by: string;
            };
            /** Format: date-time */
            occurred_at: string;
        } | {
            /** Format: uuid */
            id: string;
            /** @constant */
            kind: "status_change";
            /** Format: date-time */
            occurred_at: string;
            status_change: {
                changed_by: string;
                from: string;
                reason: string | null;
                to: string;
            };
        };
        TokenRequest: {
            /** @description The token in the link of a mail */
            token: string;
        };
        TotpConfirmation: {
            /**
             * @description The code that the authenticator app shows
             * @example 492039
             */
            code: string;
        };
        TotpRemoval: {
            /**
             * @description The code that the authenticator app shows
             * @example 492039
             */
            code?: string;
            /** Format: password */
            current_password: string;
            /**
             * @description One of the ten codes, which it spends
             * @example x7k2-9qpm-4tzd-0e8w
             */
            recovery_code?: string;
        };
        TotpSecret: {
            otpauth_url: string;
            /** @description A QR code of the URL, an SVG document */
            qr_svg: string;
            /** @description In base32, for apps without a camera */
            secret: string;
        };
        TotpSetup: {
            /** Format: password */
            current_password: string;
        };
        Transaction: {
            /**
             * Format: decimal
             * @example 1234.50
             */
            amount: string;
            /** Format: date-time */
            created_at: string;
            created_by: string;
            currency: string;
            /** @description null once the customer was hard-deleted */
            customer_id: string | null;
            description: string | null;
            direction: ("in" | "out") | components["schemas"]["UnknownValue"];
            external_ref: string | null;
            /** Format: uuid */
            id: string;
            kind: ("order" | "payment" | "refund") | components["schemas"]["UnknownValue"];
            /** Format: date-time */
            occurred_at: string;
            order_id: string | null;
            product_id: string | null;
            status: ("pending" | "completed" | "cancelled") | components["schemas"]["UnknownValue"];
            /** Format: date-time */
            updated_at: string;
            version: number;
        };
        TransactionCursorPage: {
            next_cursor: string | null;
            per_page: number;
            transactions: components["schemas"]["Transaction"][];
        };
        TransactionPage: {
            page: number;
            pages: number;
            per_page: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
            transactions: components["schemas"]["Transaction"][];
        };
        TransactionPatch: {
            /** Format: decimal */
            amount?: string;
            /** @example EUR */
            currency?: string;
            description?: string | null;
            /** Format: date-time */
            occurred_at?: string;
            /** @description Id of its order in your other systems */
            order_id?: string | null;
            /** @enum {string} */
            status?: "pending" | "completed" | "cancelled";
        };
        TransactionResponse: {
            transaction: components["schemas"]["Transaction"];
        };
        /** @description A value that this version of the client does not know */
        UnknownValue: string & {};
        User: {
            address: string | null;
            /** @description The UUID of the company */
            business_id: string | null;
            /**
             * @description The readable key of the company
             * @example COMP-001
             */
            company_id: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            date_joined: string;
            document_type: string | null;
            email: string;
            /** @description When the user proved to read mails to the address */
            email_verified_at: string | null;
            first_name: string;
            /** Format: uuid */
            id: string;
            /** @description Accounts at other providers by which the user signs in */
            identities: components["schemas"]["Identity"][];
            is_active: boolean;
            /** @description True for every role except customer */
            is_staff: boolean;
            is_superuser: boolean;
            last_login: string | null;
            last_name: string | null;
            number_document_identity: string | null;
            /**
             * @description What the role may do: resource:action, with the suffix :own when limited to your own record
             * @example [
             *       "customers:read",
             *       "users:update:own"
             *     ]
             */
            permissions: string[];
            phone: string | null;
            role: ("customer" | "viewer" | "manager" | "admin" | "superuser") | components["schemas"]["UnknownValue"];
            /** @example USER-10000000 */
            unique_id: string;
            /** Format: date-time */
            updated_at: string;
            username: string;
            version: number;
        };
        UserAnalytics: {
            active_users: number;
            /** @description One entry for each of the last 30 days (UTC), ending today */
            failed_logins_per_day: {
                count: number;
                /** Format: date */
                date: string;
            }[];
            /** Format: date-time */
            generated_at: string;
            inactive_users: number;
            /** @description One entry for each of the last 30 days (UTC), ending today */
            logins_per_day: {
                count: number;
                /** Format: date */
                date: string;
            }[];
            new_users_last_30_days: number;
            total_users: number;
            users_by_role: {
                admin: number;
                customer: number;
                manager: number;
                /** @description Present in installation-wide statistics only */
                superuser?: number;
                viewer: number;
            };
        };
        UserList: {
            limit: number;
            offset: number;
            total: number;
            /** @constant */
            total_is_estimate?: true;
            users: components["schemas"]["UserListItem"][];
        };
        UserListItem: {
            /**
             * @description The readable key of the company
             * @example COMP-001
             */
            company_id: string | null;
            email: string;
            first_name: string;
            /** Format: uuid */
            id: string;
            is_active: boolean;
            last_name: string | null;
            role: ("customer" | "viewer" | "manager" | "admin" | "superuser") | components["schemas"]["UnknownValue"];
            /** @example USER-10000000 */
            unique_id: string;
            username: string;
            version: number;
        };
        UserPatch: {
            /** @description Alias of is_active */
            active?: boolean;
            address?: string | null;
            document_type?: string | null;
            email?: string;
            first_name?: string;
            is_active?: boolean;
            last_name?: string | null;
            /** @description Full name, split at its first space; replaces first_name and last_name */
            name?: string;
            number_document_identity?: string | null;
            /** Format: password */
            password?: string;
            phone?: string | null;
            /** @enum {string} */
            role?: "customer" | "viewer" | "manager" | "admin" | "superuser";
            username?: string;
        };
        UserResponse: {
            user: components["schemas"]["User"];
        };
        VisibleCustomer: {
            address: {
                city: string | null;
                country: string | null;
                line: string | null;
                state: string | null;
                zip_code: string | null;
            } | null;
            avatar_url: string | null;
            birthday: string | null;
            /** Format: uuid */
            business_id: string;
            city_id: number | null;
            /** Format: date-time */
            created_at: string;
            currency: string;
            document_number: string | null;
            document_type: string | null;
            email: string | null;
            external_id?: string | null;
            firstname: string | null;
            full_name: string | null;
            gender: (("male" | "female" | "other") | components["schemas"]["UnknownValue"]) | null;
            /** Format: uuid */
            id: string;
            is_active: boolean;
            last_appointment_date: string | null;
            last_auth_at: string | null;
            last_complaint_date: string | null;
            last_order_date: string | null;
            lastname: string | null;
            /**
             * Format: decimal
             * @example 1234.50
             */
            lifetime_value: string;
            metadata?: {
                [key: string]: unknown;
            };
            number: number;
            open_complaints: number;
            phone: string | null;
            preferences: {
                language: string;
                newsletter: boolean;
                notifications: boolean;
            };
            status: ("active" | "inactive" | "suspended") | components["schemas"]["UnknownValue"];
            tags?: string[];
            total_appointments: number;
            total_complaints: number;
            total_orders: number;
            type: ("regular" | "premium" | "vip") | components["schemas"]["UnknownValue"];
            /** Format: date-time */
            updated_at: string;
            user_id: string | null;
            /** @description Raised by every change but those of the counters */
            version: number;
        };
    };
}
export type Agenda = components['schemas']['Agenda'];
export type ApiKey = components['schemas']['ApiKey'];
export type ApiKeyList = components['schemas']['ApiKeyList'];
export type ApiKeyPatch = components['schemas']['ApiKeyPatch'];
export type ApiKeyRead = components['schemas']['ApiKeyRead'];
export type ApiKeyResponse = components['schemas']['ApiKeyResponse'];
export type AuditLog = components['schemas']['AuditLog'];
export type AuditLogPage = components['schemas']['AuditLogPage'];
export type Batch = components['schemas']['Batch'];
export type BatchResponse = components['schemas']['BatchResponse'];
export type ChangedUser = components['schemas']['ChangedUser'];
export type CodeExchange = components['schemas']['CodeExchange'];
export type Company = components['schemas']['Company'];
export type CompanyAnalytics = components['schemas']['CompanyAnalytics'];
export type CompanyList = components['schemas']['CompanyList'];
export type CompanyPatch = components['schemas']['CompanyPatch'];
export type Credentials = components['schemas']['Credentials'];
export type Customer = components['schemas']['Customer'];
export type CustomerAnalytics = components['schemas']['CustomerAnalytics'];
export type CustomerAppointments = components['schemas']['CustomerAppointments'];
export type CustomerComplaints = components['schemas']['CustomerComplaints'];
export type CustomerCursorPage = components['schemas']['CustomerCursorPage'];
export type CustomerOrders = components['schemas']['CustomerOrders'];
export type CustomerPage = components['schemas']['CustomerPage'];
export type CustomerPatch = components['schemas']['CustomerPatch'];
export type CustomerResponse = components['schemas']['CustomerResponse'];
export type CustomerSeries = components['schemas']['CustomerSeries'];
export type CustomerStatistics = components['schemas']['CustomerStatistics'];
export type CustomerStatusChange = components['schemas']['CustomerStatusChange'];
export type CustomerTypeChange = components['schemas']['CustomerTypeChange'];
export type DeletedFavorites = components['schemas']['DeletedFavorites'];
export type DocumentType = components['schemas']['DocumentType'];
export type DocumentTypeList = components['schemas']['DocumentTypeList'];
export type DocumentTypePatch = components['schemas']['DocumentTypePatch'];
export type DropReason = components['schemas']['DropReason'];
export type EmailChange = components['schemas']['EmailChange'];
export type ErasureReceiptResponse = components['schemas']['ErasureReceiptResponse'];
export type ErasureRequest = components['schemas']['ErasureRequest'];
export type ErasureRequestPage = components['schemas']['ErasureRequestPage'];
export type ErasureRequestResponse = components['schemas']['ErasureRequestResponse'];
export type FailedEventPage = components['schemas']['FailedEventPage'];
export type Favorite = components['schemas']['Favorite'];
export type FavoriteDeletion = components['schemas']['FavoriteDeletion'];
export type FavoriteList = components['schemas']['FavoriteList'];
export type FileForm = components['schemas']['FileForm'];
export type ForgottenPassword = components['schemas']['ForgottenPassword'];
export type GatewayHealth = components['schemas']['GatewayHealth'];
export type GatewayInfo = components['schemas']['GatewayInfo'];
export type GatewayReadiness = components['schemas']['GatewayReadiness'];
export type HistoryEntry = components['schemas']['HistoryEntry'];
export type HistoryPage = components['schemas']['HistoryPage'];
export type Identity = components['schemas']['Identity'];
export type Import = components['schemas']['Import'];
export type ImportPage = components['schemas']['ImportPage'];
export type ImportResponse = components['schemas']['ImportResponse'];
export type Interaction = components['schemas']['Interaction'];
export type InteractionCursorPage = components['schemas']['InteractionCursorPage'];
export type InteractionPage = components['schemas']['InteractionPage'];
export type InteractionPatch = components['schemas']['InteractionPatch'];
export type InteractionResponse = components['schemas']['InteractionResponse'];
export type InteractionType = components['schemas']['InteractionType'];
export type InteractionTypePage = components['schemas']['InteractionTypePage'];
export type Invitation = components['schemas']['Invitation'];
export type InvitationAcceptance = components['schemas']['InvitationAcceptance'];
export type InvitationList = components['schemas']['InvitationList'];
export type InvitationPreview = components['schemas']['InvitationPreview'];
export type InvitationResponse = components['schemas']['InvitationResponse'];
export type InvitationToken = components['schemas']['InvitationToken'];
export type IssuedApiKey = components['schemas']['IssuedApiKey'];
export type Job = components['schemas']['Job'];
export type JobList = components['schemas']['JobList'];
export type Jwks = components['schemas']['Jwks'];
export type LabelList = components['schemas']['LabelList'];
export type LabelUse = components['schemas']['LabelUse'];
export type MadeApiKey = components['schemas']['MadeApiKey'];
export type Message = components['schemas']['Message'];
export type MfaSignIn = components['schemas']['MfaSignIn'];
export type NewApiKey = components['schemas']['NewApiKey'];
export type NewCompany = components['schemas']['NewCompany'];
export type NewCustomer = components['schemas']['NewCustomer'];
export type NewCustomerTags = components['schemas']['NewCustomerTags'];
export type NewDocumentType = components['schemas']['NewDocumentType'];
export type NewFavorite = components['schemas']['NewFavorite'];
export type NewImport = components['schemas']['NewImport'];
export type NewImportForm = components['schemas']['NewImportForm'];
export type NewInteraction = components['schemas']['NewInteraction'];
export type NewInteractionType = components['schemas']['NewInteractionType'];
export type NewInvitation = components['schemas']['NewInvitation'];
export type NewNote = components['schemas']['NewNote'];
export type NewProduct = components['schemas']['NewProduct'];
export type NewTags = components['schemas']['NewTags'];
export type NewTransaction = components['schemas']['NewTransaction'];
export type NewUser = components['schemas']['NewUser'];
export type Note = components['schemas']['Note'];
export type NotePage = components['schemas']['NotePage'];
export type OpenComplaints = components['schemas']['OpenComplaints'];
export type OwnUserPatch = components['schemas']['OwnUserPatch'];
export type PasswordChange = components['schemas']['PasswordChange'];
export type PasswordReset = components['schemas']['PasswordReset'];
export type Person = components['schemas']['Person'];
export type PersonalData = components['schemas']['PersonalData'];
export type PersonList = components['schemas']['PersonList'];
export type PersonRef = components['schemas']['PersonRef'];
export type PopularProduct = components['schemas']['PopularProduct'];
export type PopularProductList = components['schemas']['PopularProductList'];
export type Problem = components['schemas']['Problem'];
export type Product = components['schemas']['Product'];
export type ProductPage = components['schemas']['ProductPage'];
export type ProductPatch = components['schemas']['ProductPatch'];
export type ProductResponse = components['schemas']['ProductResponse'];
export type ProviderList = components['schemas']['ProviderList'];
export type PublicJwk = components['schemas']['PublicJwk'];
export type RecoveryCodes = components['schemas']['RecoveryCodes'];
export type RefreshRequest = components['schemas']['RefreshRequest'];
export type Registration = components['schemas']['Registration'];
export type RemovedUser = components['schemas']['RemovedUser'];
export type Role = components['schemas']['Role'];
export type RoleList = components['schemas']['RoleList'];
export type Rotation = components['schemas']['Rotation'];
export type SavedCustomerResponse = components['schemas']['SavedCustomerResponse'];
export type SavedErasureRequestResponse = components['schemas']['SavedErasureRequestResponse'];
export type SavedImportResponse = components['schemas']['SavedImportResponse'];
export type SavedInteractionResponse = components['schemas']['SavedInteractionResponse'];
export type SavedInteractionTypeResponse = components['schemas']['SavedInteractionTypeResponse'];
export type SavedJobResponse = components['schemas']['SavedJobResponse'];
export type SavedNoteResponse = components['schemas']['SavedNoteResponse'];
export type SavedProductResponse = components['schemas']['SavedProductResponse'];
export type SavedTagResponse = components['schemas']['SavedTagResponse'];
export type SavedTagsResponse = components['schemas']['SavedTagsResponse'];
export type SavedTransactionResponse = components['schemas']['SavedTransactionResponse'];
export type SavedUserResponse = components['schemas']['SavedUserResponse'];
export type SecondFactorState = components['schemas']['SecondFactorState'];
export type Session = components['schemas']['Session'];
export type SessionList = components['schemas']['SessionList'];
export type SignInResponse = components['schemas']['SignInResponse'];
export type SourceImportCounts = components['schemas']['SourceImportCounts'];
export type SourceImportResponse = components['schemas']['SourceImportResponse'];
export type Tag = components['schemas']['Tag'];
export type TagList = components['schemas']['TagList'];
export type Timeline = components['schemas']['Timeline'];
export type TimelineItem = components['schemas']['TimelineItem'];
export type TokenRequest = components['schemas']['TokenRequest'];
export type TotpConfirmation = components['schemas']['TotpConfirmation'];
export type TotpRemoval = components['schemas']['TotpRemoval'];
export type TotpSecret = components['schemas']['TotpSecret'];
export type TotpSetup = components['schemas']['TotpSetup'];
export type Transaction = components['schemas']['Transaction'];
export type TransactionCursorPage = components['schemas']['TransactionCursorPage'];
export type TransactionPage = components['schemas']['TransactionPage'];
export type TransactionPatch = components['schemas']['TransactionPatch'];
export type TransactionResponse = components['schemas']['TransactionResponse'];
export type UnknownValue = components['schemas']['UnknownValue'];
export type User = components['schemas']['User'];
export type UserAnalytics = components['schemas']['UserAnalytics'];
export type UserList = components['schemas']['UserList'];
export type UserListItem = components['schemas']['UserListItem'];
export type UserPatch = components['schemas']['UserPatch'];
export type UserResponse = components['schemas']['UserResponse'];
export type VisibleCustomer = components['schemas']['VisibleCustomer'];
export interface operations {
    "gateway.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["GatewayInfo"];
                };
            };
        };
    };
    "signing_keys.list": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Jwks"];
                };
            };
        };
    };
    "customers.list": {
        parameters: {
            query?: {
                /** @description Default: customers of status active, or of the given status; false: all customers, deleted ones included */
                active_only?: boolean;
                created_from?: string;
                created_to?: string;
                /** @description next_cursor of the previous page, empty for the first page; not together with page or search */
                cursor?: string;
                external_id?: string;
                id?: string[];
                last_order_from?: string;
                last_order_to?: string;
                min_lifetime_value?: string;
                page?: number;
                per_page?: number;
                /** @description Finds customers by every word of the term in name, e-mail, phone or document number. Two characters match the beginning of a word, three any part; from four on one typo is allowed in names and e-mails. Case and accents are ignored. The number of a customer and its external_id are found when the whole term is one. */
                search?: string;
                sort?: string;
                status?: "active" | "inactive" | "suspended";
                /** @description A label; case is ignored */
                tag?: string;
                type?: "regular" | "premium" | "vip";
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerPage"] | components["schemas"]["CustomerCursorPage"];
                };
            };
        };
    };
    "customers.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "full_name": "Ana García",
                 *       "email": "ana@example.com",
                 *       "phone": "+34600111222",
                 *       "tags": [
                 *         "VIP"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewCustomer"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.get": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerResponse"];
                };
            };
        };
    };
    "customers.put": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "full_name": "Ana García",
                 *       "address": {
                 *         "city": "Madrid",
                 *         "country": "Spain"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CustomerPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.delete": {
        parameters: {
            query?: {
                hard_delete?: boolean;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "customers.update": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "full_name": "Ana García",
                 *       "address": {
                 *         "city": "Madrid",
                 *         "country": "Spain"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CustomerPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.activate": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.appointments.list": {
        parameters: {
            query?: {
                limit?: number;
                status?: string;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerAppointments"];
                };
            };
        };
    };
    "customers.avatar.set": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["FileForm"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.avatar.remove": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.complaints.list": {
        parameters: {
            query?: {
                limit?: number;
                status?: string;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerComplaints"];
                };
            };
        };
    };
    "customers.history.list": {
        parameters: {
            query?: {
                /** @description next_cursor of the previous page; empty or omitted for the first page */
                cursor?: string;
                per_page?: number;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["HistoryPage"];
                };
            };
        };
    };
    "customers.interactions.list": {
        parameters: {
            query?: {
                /** @description next_cursor of the previous page, empty for the first page; cannot be combined with page or search */
                cursor?: string;
                /** @description Occurred at or after this time */
                from?: string;
                page?: number;
                per_page?: number;
                /** @description Substring of notes or category, ignoring case and accents */
                search?: string;
                status?: "booked" | "done" | "cancelled" | "open" | "in_progress" | "resolved" | "closed";
                /** @description Occurred at or before this time; a date includes its whole day */
                to?: string;
                type?: string;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["InteractionPage"] | components["schemas"]["InteractionCursorPage"];
                };
            };
        };
    };
    "customers.interactions.create": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "type": "call",
                 *       "notes": "Asked about the new price list"
                 *     }
                 */
                "application/json": components["schemas"]["NewInteraction"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedInteractionResponse"];
                };
            };
        };
    };
    "customers.interactions.get": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                interaction_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["InteractionResponse"];
                };
            };
        };
    };
    "customers.interactions.put": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                interaction_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "notes": "Asked about the new price list; wants a visit"
                 *     }
                 */
                "application/json": components["schemas"]["InteractionPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedInteractionResponse"];
                };
            };
        };
    };
    "customers.interactions.delete": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                interaction_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "customers.interactions.update": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                interaction_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "notes": "Asked about the new price list; wants a visit"
                 *     }
                 */
                "application/json": components["schemas"]["InteractionPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedInteractionResponse"];
                };
            };
        };
    };
    "customers.notes.list": {
        parameters: {
            query?: {
                page?: number;
                per_page?: number;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["NotePage"];
                };
            };
        };
    };
    "customers.notes.add": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "content": "Prefers to be called in the morning"
                 *     }
                 */
                "application/json": components["schemas"]["NewNote"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedNoteResponse"];
                };
            };
        };
    };
    "customers.notes.remove": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                note_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "customers.orders.list": {
        parameters: {
            query?: {
                limit?: number;
                status?: string;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerOrders"];
                };
            };
        };
    };
    "customers.statistics.get": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerStatistics"];
                };
            };
        };
    };
    "customers.set_status": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "suspended",
                 *       "reason": "Unpaid invoices"
                 *     }
                 */
                "application/json": components["schemas"]["CustomerStatusChange"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.tags.list": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["TagList"];
                };
            };
        };
    };
    "customers.tags.add": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "label": "VIP",
                 *       "color": "#FFD700",
                 *       "priority": 1
                 *     }
                 */
                "application/json": components["schemas"]["NewTags"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedTagResponse"] | components["schemas"]["SavedTagsResponse"];
                };
            };
        };
    };
    "customers.tags.remove": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                tag_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "customers.timeline.list": {
        parameters: {
            query?: {
                /** @description next_cursor of the previous page; empty for the first page */
                cursor?: string;
                per_page?: number;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
        };
    };
    "customers.transactions.list": {
        parameters: {
            query?: {
                /** @description next_cursor of the previous page, empty for the first page; cannot be combined with page or search */
                cursor?: string;
                /** @description Occurred at or after this time */
                from?: string;
                kind?: "order" | "payment" | "refund";
                page?: number;
                per_page?: number;
                status?: "pending" | "completed" | "cancelled";
                /** @description Occurred at or before this time; a date includes its whole day */
                to?: string;
            };
            path: {
                customer_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["TransactionPage"] | components["schemas"]["TransactionCursorPage"];
                };
            };
        };
    };
    "customers.transactions.create": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "order",
                 *       "direction": "in",
                 *       "amount": "1234.50",
                 *       "currency": "EUR",
                 *       "order_id": "A-1001"
                 *     }
                 */
                "application/json": components["schemas"]["NewTransaction"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedTransactionResponse"];
                };
            };
            201: {
                content: {
                    "application/json": components["schemas"]["SavedTransactionResponse"];
                };
            };
        };
    };
    "customers.transactions.get": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                transaction_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["TransactionResponse"];
                };
            };
        };
    };
    "customers.transactions.update": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
                transaction_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "Paid by card"
                 *     }
                 */
                "application/json": components["schemas"]["TransactionPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedTransactionResponse"];
                };
            };
        };
    };
    "customers.set_type": {
        parameters: {
            query?: never;
            path: {
                customer_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "type": "vip"
                 *     }
                 */
                "application/json": components["schemas"]["CustomerTypeChange"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.analytics.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerAnalytics"];
                };
            };
        };
    };
    "customers.analytics.series.get": {
        parameters: {
            query: {
                /** @description Its whole interval; default: 29 intervals before to */
                from?: string;
                interval: "day" | "week" | "month";
                metric: "customers" | "orders" | "order_value" | "complaints";
                /** @description Its whole interval; default: now */
                to?: string;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerSeries"];
                };
            };
        };
    };
    "customers.batch": {
        parameters: {
            query?: {
                /** @description Allows customers with values of erased customers */
                allow_erased?: boolean;
            };
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "operations": [
                 *         {
                 *           "op": "create",
                 *           "data": {
                 *             "full_name": "Ana García",
                 *             "email": "ana@example.com"
                 *           }
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["BatchResponse"];
                };
            };
        };
    };
    "customers.export_csv": {
        parameters: {
            query?: {
                /** @description Default: customers of status active, or of the given status; false: all customers, deleted ones included */
                active_only?: boolean;
                /** @description Names separated by commas, or given several times; `address` stands for all of its parts. Default: all columns */
                columns?: string;
                created_from?: string;
                created_to?: string;
                external_id?: string;
                id?: string[];
                last_order_from?: string;
                last_order_to?: string;
                min_lifetime_value?: string;
                /** @description Finds customers by every word of the term in name, e-mail, phone or document number. Two characters match the beginning of a word, three any part; from four on one typo is allowed in names and e-mails. Case and accents are ignored. The number of a customer and its external_id are found when the whole term is one. */
                search?: string;
                sort?: string;
                status?: "active" | "inactive" | "suspended";
                /** @description A label; case is ignored */
                tag?: string;
                type?: "regular" | "premium" | "vip";
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    "customers.export_jsonl": {
        parameters: {
            query?: {
                /** @description Default: customers of status active, or of the given status; false: all customers, deleted ones included */
                active_only?: boolean;
                /** @description Names separated by commas, or given several times; `address` stands for all of its parts. Default: all columns */
                columns?: string;
                created_from?: string;
                created_to?: string;
                external_id?: string;
                id?: string[];
                last_order_from?: string;
                last_order_to?: string;
                min_lifetime_value?: string;
                /** @description Finds customers by every word of the term in name, e-mail, phone or document number. Two characters match the beginning of a word, three any part; from four on one typo is allowed in names and e-mails. Case and accents are ignored. The number of a customer and its external_id are found when the whole term is one. */
                search?: string;
                sort?: string;
                status?: "active" | "inactive" | "suspended";
                /** @description A label; case is ignored */
                tag?: string;
                type?: "regular" | "premium" | "vip";
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/x-ndjson": string;
                };
            };
        };
    };
    "imports.list": {
        parameters: {
            query?: {
                page?: number;
                per_page?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ImportPage"];
                };
            };
        };
    };
    "imports.start": {
        parameters: {
            query?: {
                dry_run?: boolean;
                encoding?: string;
                match_on?: "email" | "phone" | "external_id";
                on_match?: "skip" | "update";
                separator?: string;
            };
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "source": "vaptekesync",
                 *       "dry_run": true
                 *     }
                 */
                "application/json": components["schemas"]["NewImport"];
                "multipart/form-data": components["schemas"]["NewImportForm"];
            };
        };
        responses: {
            202: {
                content: {
                    "application/json": components["schemas"]["SavedImportResponse"];
                };
            };
        };
    };
    "imports.get": {
        parameters: {
            query?: never;
            path: {
                import_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ImportResponse"];
                };
            };
        };
    };
    "imports.cancel": {
        parameters: {
            query?: never;
            path: {
                import_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedImportResponse"];
                };
            };
        };
    };
    "imports.errors.get": {
        parameters: {
            query?: never;
            path: {
                import_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    "imports.follow": {
        parameters: {
            query?: never;
            path: {
                import_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    "imports.undo": {
        parameters: {
            query?: never;
            path: {
                import_id: string;
            };
        };
        requestBody?: never;
        responses: {
            202: {
                content: {
                    "application/json": components["schemas"]["SavedJobResponse"];
                };
            };
        };
    };
    "imports.undo_report.get": {
        parameters: {
            query?: never;
            path: {
                import_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    "customers.me.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerResponse"];
                };
            };
        };
    };
    "customers.me.update": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "full_name": "Ana García",
                 *       "preferences": {
                 *         "language": "es"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CustomerPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedCustomerResponse"];
                };
            };
        };
    };
    "customers.me.statistics.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerStatistics"];
                };
            };
        };
    };
    "customers.search": {
        parameters: {
            query: {
                /** @description Default: customers of status active, or of the given status; false: all customers, deleted ones included */
                active_only?: boolean;
                created_from?: string;
                created_to?: string;
                external_id?: string;
                id?: string[];
                last_order_from?: string;
                last_order_to?: string;
                min_lifetime_value?: string;
                page?: number;
                per_page?: number;
                q: string;
                status?: "active" | "inactive" | "suspended";
                /** @description A label; case is ignored */
                tag?: string;
                type?: "regular" | "premium" | "vip";
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CustomerPage"];
                };
            };
        };
    };
    "tags.add": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "customer_id": "018f6f2a-0000-7000-8000-000000000001",
                 *       "label": "VIP",
                 *       "color": "#FFD700",
                 *       "priority": 1
                 *     }
                 */
                "application/json": components["schemas"]["NewCustomerTags"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedTagResponse"] | components["schemas"]["SavedTagsResponse"];
                };
            };
        };
    };
    "tags.remove": {
        parameters: {
            query?: never;
            path: {
                tag_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "tags.labels.list": {
        parameters: {
            query?: {
                search?: string;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["LabelList"];
                };
            };
        };
    };
    "favorites.list": {
        parameters: {
            query?: {
                /** @description Exact instant */
                created_at?: string;
                created_from?: string;
                created_to?: string;
                id?: number[];
                item_id?: number[];
                limit?: number;
                offset?: number;
                user_id?: number[];
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["FavoriteList"];
                };
            };
        };
    };
    "favorites.add": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "user_id": 10000000,
                 *       "item_id": 10000000
                 *     }
                 */
                "application/json": components["schemas"]["NewFavorite"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Favorite"];
                };
            };
            201: {
                content: {
                    "application/json": components["schemas"]["Favorite"];
                };
            };
        };
    };
    "favorites.remove": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "id": [
                 *         1,
                 *         2
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["FavoriteDeletion"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["DeletedFavorites"];
                };
            };
        };
    };
    "favorites.list_popular": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["PopularProductList"];
                };
            };
        };
    };
    "gdpr.erase": {
        parameters: {
            query?: {
                /** @description Send the response when the erasure is done, or after 20 seconds */
                wait?: boolean;
            };
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "customer_id": "018f6f2a-0000-7000-8000-000000000001"
                 *     }
                 */
                "application/json": components["schemas"]["PersonRef"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedErasureRequestResponse"];
                };
            };
            202: {
                content: {
                    "application/json": components["schemas"]["SavedErasureRequestResponse"];
                };
            };
        };
    };
    "gdpr.export": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "customer_id": "018f6f2a-0000-7000-8000-000000000001"
                 *     }
                 */
                "application/json": components["schemas"]["PersonRef"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["PersonalData"];
                };
            };
        };
    };
    "gdpr.requests.list": {
        parameters: {
            query?: {
                page?: number;
                per_page?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ErasureRequestPage"];
                };
            };
        };
    };
    "gdpr.requests.get": {
        parameters: {
            query?: never;
            path: {
                request_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ErasureRequestResponse"];
                };
            };
        };
    };
    "gdpr.receipts.get": {
        parameters: {
            query?: never;
            path: {
                request_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ErasureReceiptResponse"];
                };
            };
        };
    };
    "interaction_types.list": {
        parameters: {
            query?: {
                page?: number;
                per_page?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["InteractionTypePage"];
                };
            };
        };
    };
    "interaction_types.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "site visit"
                 *     }
                 */
                "application/json": components["schemas"]["NewInteractionType"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedInteractionTypeResponse"];
                };
            };
        };
    };
    "interactions.list": {
        parameters: {
            query?: {
                /** @description next_cursor of the previous page, empty for the first page; cannot be combined with page or search */
                cursor?: string;
                customer_id?: string;
                /** @description Occurred at or after this time */
                from?: string;
                page?: number;
                per_page?: number;
                priority?: "low" | "medium" | "high" | "critical";
                /** @description Scheduled at or after this time */
                scheduled_from?: string;
                /** @description Scheduled at or before this time; a date includes its whole day */
                scheduled_to?: string;
                /** @description By scheduled_at only with scheduled_from or scheduled_to */
                sort?: "-occurred_at" | "occurred_at" | "-scheduled_at" | "scheduled_at";
                status?: "booked" | "done" | "cancelled" | "open" | "in_progress" | "resolved" | "closed";
                /** @description Occurred at or before this time; a date includes its whole day */
                to?: string;
                type?: string;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["InteractionPage"] | components["schemas"]["InteractionCursorPage"];
                };
            };
        };
    };
    "interactions.agenda.get": {
        parameters: {
            query: {
                /** @description Appointments at or after this time */
                from: string;
                /** @description Appointments at or before this time; a date includes its whole day */
                to: string;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Agenda"];
                };
            };
        };
    };
    "products.list": {
        parameters: {
            query?: {
                active_only?: boolean;
                max_price?: string;
                min_price?: string;
                number?: number[];
                page?: number;
                per_page?: number;
                search?: string;
                sort?: string;
                type?: "product" | "service";
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ProductPage"];
                };
            };
        };
    };
    "products.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Annual support",
                 *       "type": "service",
                 *       "price": "120.00",
                 *       "currency": "EUR",
                 *       "sku": "SUP-12"
                 *     }
                 */
                "application/json": components["schemas"]["NewProduct"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedProductResponse"];
                };
            };
        };
    };
    "products.get": {
        parameters: {
            query?: never;
            path: {
                product_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ProductResponse"];
                };
            };
        };
    };
    "products.put": {
        parameters: {
            query?: never;
            path: {
                product_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "price": "130.00"
                 *     }
                 */
                "application/json": components["schemas"]["ProductPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedProductResponse"];
                };
            };
        };
    };
    "products.delete": {
        parameters: {
            query?: {
                hard_delete?: boolean;
            };
            path: {
                product_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "products.update": {
        parameters: {
            query?: never;
            path: {
                product_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "price": "130.00"
                 *     }
                 */
                "application/json": components["schemas"]["ProductPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedProductResponse"];
                };
            };
        };
    };
    "products.activate": {
        parameters: {
            query?: never;
            path: {
                product_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedProductResponse"];
                };
            };
        };
    };
    "transactions.list": {
        parameters: {
            query?: {
                /** @description next_cursor of the previous page, empty for the first page; cannot be combined with page or search */
                cursor?: string;
                customer_id?: string;
                /** @description Occurred at or after this time */
                from?: string;
                kind?: "order" | "payment" | "refund";
                page?: number;
                per_page?: number;
                status?: "pending" | "completed" | "cancelled";
                /** @description Occurred at or before this time; a date includes its whole day */
                to?: string;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["TransactionPage"] | components["schemas"]["TransactionCursorPage"];
                };
            };
        };
    };
    "api_keys.list": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
        };
    };
    "api_keys.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Web shop",
                 *       "role": "manager",
                 *       "permissions": [
                 *         "customers:read",
                 *         "customers:create"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewApiKey"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["IssuedApiKey"];
                };
            };
        };
    };
    "api_keys.get": {
        parameters: {
            query?: never;
            path: {
                key_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ApiKeyRead"];
                };
            };
        };
    };
    "api_keys.update": {
        parameters: {
            query?: never;
            path: {
                key_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Web shop",
                 *       "allowed_ips": [
                 *         "203.0.113.0/24"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ApiKeyPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ApiKeyResponse"];
                };
            };
        };
    };
    "api_keys.revoke": {
        parameters: {
            query?: never;
            path: {
                key_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "api_keys.rotate": {
        parameters: {
            query?: never;
            path: {
                key_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "grace": "24h"
                 *     }
                 */
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["IssuedApiKey"];
                };
            };
        };
    };
    "audit_logs.list": {
        parameters: {
            query?: {
                action?: string;
                /** @description A user id, key:<id> or service:<name> */
                actor?: string;
                /** @description next_cursor of the previous page; empty or omitted for the first page */
                cursor?: string;
                from?: string;
                per_page?: number;
                /** @description A resource type (customer), a resource id, or both (customer:<id>) */
                resource?: string;
                to?: string;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["AuditLogPage"];
                };
            };
        };
    };
    "companies.list": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CompanyList"];
                };
            };
        };
    };
    "companies.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Example Ltd",
                 *       "country": "ES",
                 *       "currency": "EUR"
                 *     }
                 */
                "application/json": components["schemas"]["NewCompany"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["Company"];
                };
            };
        };
    };
    "companies.get": {
        parameters: {
            query?: never;
            path: {
                company_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Company"];
                };
            };
        };
    };
    "companies.update": {
        parameters: {
            query?: never;
            path: {
                company_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "business_name": "Example Limited"
                 *     }
                 */
                "application/json": components["schemas"]["CompanyPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Company"];
                };
            };
        };
    };
    "companies.delete": {
        parameters: {
            query?: never;
            path: {
                company_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "companies.analytics.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CompanyAnalytics"];
                };
            };
        };
    };
    "document_types.list": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["DocumentTypeList"];
                };
            };
        };
    };
    "document_types.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "passport_es",
                 *       "name": "Passport",
                 *       "country_code": "ES"
                 *     }
                 */
                "application/json": components["schemas"]["NewDocumentType"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["DocumentType"];
                };
            };
        };
    };
    "document_types.update": {
        parameters: {
            query?: never;
            path: {
                code: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "With its letters"
                 *     }
                 */
                "application/json": components["schemas"]["DocumentTypePatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["DocumentType"];
                };
            };
        };
    };
    "events.failed.list": {
        parameters: {
            query?: {
                /** @description next_cursor of the previous page; empty or omitted for the first page */
                cursor?: string;
                per_page?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["FailedEventPage"];
                };
            };
        };
    };
    "events.failed.drop": {
        parameters: {
            query?: never;
            path: {
                event_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "Its subscriber no longer exists"
                 *     }
                 */
                "application/json": components["schemas"]["DropReason"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "events.failed.resend": {
        parameters: {
            query?: never;
            path: {
                event_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "invitations.list": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["InvitationList"];
                };
            };
        };
    };
    "invitations.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ana@example.com",
                 *       "role": "viewer",
                 *       "name": "Ana García",
                 *       "language": "es"
                 *     }
                 */
                "application/json": components["schemas"]["NewInvitation"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["InvitationResponse"];
                };
            };
        };
    };
    "invitations.revoke": {
        parameters: {
            query?: never;
            path: {
                invitation_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "invitations.resend": {
        parameters: {
            query?: never;
            path: {
                invitation_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["InvitationResponse"];
                };
            };
        };
    };
    "jobs.list": {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["JobList"];
                };
            };
        };
    };
    "jobs.get": {
        parameters: {
            query?: never;
            path: {
                job_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    "jobs.cancel": {
        parameters: {
            query?: never;
            path: {
                job_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    "people.list": {
        parameters: {
            query: {
                /** @description As created_by, actor_id and changed_by have them; may be repeated, at most 100 */
                id: (string) | (string)[];
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["PersonList"];
                };
            };
        };
    };
    "users.list": {
        parameters: {
            query?: {
                /** @description Alias of is_active */
                active?: boolean;
                is_active?: boolean;
                limit?: number;
                offset?: number;
                role?: "customer" | "viewer" | "manager" | "admin" | "superuser";
                /** @description Matches names, usernames, e-mail addresses and phone numbers */
                search?: string;
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
        };
    };
    "users.create": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ana@example.com",
                 *       "password": "correct horse battery",
                 *       "first_name": "Ana",
                 *       "role": "viewer"
                 *     }
                 */
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            202: {
                content: {
                    "application/json": components["schemas"]["InvitationResponse"];
                };
            };
        };
    };
    "users.get": {
        parameters: {
            query?: never;
            path: {
                user_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    "users.update": {
        parameters: {
            query?: {
                /** @description Revokes the API keys that the user made, when the user loses rights */
                revoke_keys?: boolean;
            };
            path: {
                user_id: string;
            };
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "first_name": "Ana",
                 *       "phone": "+34600111222"
                 *     }
                 */
                "application/json": components["schemas"]["UserPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ChangedUser"];
                };
            };
        };
    };
    "users.delete": {
        parameters: {
            query?: {
                hard_delete?: boolean;
                /** @description Revokes the API keys that the user made, when the user loses rights */
                revoke_keys?: boolean;
            };
            path: {
                user_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["RemovedUser"];
                };
            };
        };
    };
    "users.mfa.reset": {
        parameters: {
            query?: never;
            path: {
                user_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "users.analytics.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["UserAnalytics"];
                };
            };
        };
    };
    "roles.list": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["RoleList"];
                };
            };
        };
    };
    "auth.change_email": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ana.garcia@example.com",
                 *       "current_password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["EmailChange"];
            };
        };
        responses: {
            202: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.change_email.confirm": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "of the link in the mail"
                 *     }
                 */
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.change_password": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "current_password": "correct horse battery",
                 *       "new_password": "a better horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.forgot_password": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ana@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["ForgottenPassword"];
            };
        };
        responses: {
            202: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.identities.delete": {
        parameters: {
            query?: never;
            path: {
                identity_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.invitations.accept": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "of the link in the mail",
                 *       "name": "Ana García",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["InvitationAcceptance"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SignInResponse"];
                };
            };
        };
    };
    "auth.invitations.look_up": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "of the link in the mail"
                 *     }
                 */
                "application/json": components["schemas"]["InvitationToken"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["InvitationPreview"];
                };
            };
        };
    };
    "auth.login": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ana@example.com",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SignInResponse"];
                };
            };
        };
    };
    "auth.login.mfa": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "mfa_token": "of the first step",
                 *       "code": "492039"
                 *     }
                 */
                "application/json": components["schemas"]["MfaSignIn"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SignInResponse"];
                };
            };
        };
    };
    "auth.logout": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.logout_all": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.me.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["UserResponse"];
                };
            };
        };
    };
    "auth.me.update": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "first_name": "Ana",
                 *       "phone": "+34600111222"
                 *     }
                 */
                "application/json": components["schemas"]["OwnUserPatch"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SavedUserResponse"];
                };
            };
        };
    };
    "auth.mfa.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SecondFactorState"];
                };
            };
        };
    };
    "auth.mfa.recovery_codes.replace": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "492039"
                 *     }
                 */
                "application/json": components["schemas"]["TotpConfirmation"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
        };
    };
    "auth.mfa.totp.start": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "current_password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["TotpSetup"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["TotpSecret"];
                };
            };
        };
    };
    "auth.mfa.totp.remove": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "current_password": "correct horse battery",
                 *       "code": "492039"
                 *     }
                 */
                "application/json": components["schemas"]["TotpRemoval"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.mfa.totp.confirm": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "492039"
                 *     }
                 */
                "application/json": components["schemas"]["TotpConfirmation"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
        };
    };
    "auth.oidc.list": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["ProviderList"];
                };
            };
        };
    };
    "auth.oidc.exchange": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "of the fragment"
                 *     }
                 */
                "application/json": components["schemas"]["CodeExchange"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SignInResponse"];
                };
            };
        };
    };
    "auth.refresh": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "refresh_token": "of the last sign-in or refresh"
                 *     }
                 */
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SignInResponse"];
                };
            };
        };
    };
    "auth.register": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ana@example.com",
                 *       "password": "correct horse battery",
                 *       "name": "Ana García",
                 *       "company_name": "Example Ltd"
                 *     }
                 */
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            201: {
                content: {
                    "application/json": components["schemas"]["SavedUserResponse"];
                };
            };
        };
    };
    "auth.reset_password": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "of the link in the mail",
                 *       "new_password": "a better horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "sessions.list": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
        };
    };
    "sessions.end": {
        parameters: {
            query?: never;
            path: {
                session_id: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.verify_email": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "of the link in the mail"
                 *     }
                 */
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "auth.verify_email.request": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            202: {
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    "avatars.get": {
        parameters: {
            query?: never;
            path: {
                name: string;
            };
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "image/webp": string;
                };
            };
        };
    };
    "imports.vaptekesync.run_by_get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SourceImportResponse"];
                };
            };
        };
    };
    "imports.vaptekesync.run": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SourceImportResponse"];
                };
            };
        };
    };
    "gateway.health.get": {
        parameters: {
            query?: never;
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["GatewayHealth"];
                };
            };
        };
    };
    "gateway.readiness.get": {
        parameters: {
            query?: {
                /** @description 1: 503 also while a service is down */
                all?: "1";
            };
            path?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["GatewayReadiness"];
                };
            };
        };
    };
}
