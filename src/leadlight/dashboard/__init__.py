"""The pages that people work in: HTML around the same use cases as the API, with no SQL of their own."""
