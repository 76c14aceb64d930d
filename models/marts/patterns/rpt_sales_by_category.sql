with

sales as (

    select
        customer_id,
        transacted_date as activity_date,
        product_category,
        cast(amount > 0 as bigint) as purchase_line_count,
        amount as net_amount

    from {{ ref('fct_transactions') }}

),

{{ sales_ctes('sales', ['product_category']) }}

select * from sales_totals
